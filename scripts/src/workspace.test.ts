import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { version } from '@tandem/shared'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { root } from './stage.ts'

const Dependencies = z.record(z.string(), z.string()).default({})
const Manifest = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string().optional(),
  dependencies: Dependencies,
  devDependencies: Dependencies,
})

const manifests = ['package.json', ...globSync('*/package.json', { cwd: root })].map((file) => ({
  file,
  ...Manifest.parse(JSON.parse(readFileSync(join(root, file), 'utf8'))),
}))
const wanted = manifests.flatMap(({ file, dependencies, devDependencies }) =>
  [...Object.entries(dependencies), ...Object.entries(devDependencies)].map(([name, version]) => ({
    file,
    name,
    version,
  })),
)

test('every dependency is pinned: an exact version, the catalog, or the workspace', () => {
  const loose = wanted.filter(({ version }) => !/^(\d+\.\d+\.\d+(-[\w.]+)?|catalog:|workspace:\*)$/.test(version))
  expect(loose).toEqual([])
})

test('the programs and every package say the same version', () => {
  expect(new Set(manifests.map((each) => each.version))).toEqual(new Set([version]))
})

test('what two packages use has one version', () => {
  const versionsByName = Map.groupBy(wanted, ({ name }) => name)
  const split = [...versionsByName].filter(([, uses]) => new Set(uses.map(({ version }) => version)).size > 1)
  expect(split).toEqual([])
})

test('what the catalog holds is taken from the catalog', () => {
  const catalog = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')
  const held = new Set([...catalog.matchAll(/^ {2}'?([@\w/-]+)'?: \d/gm)].map(([, name]) => name))
  expect(held).toContain('yjs')
  expect(wanted.filter(({ name, version }) => held.has(name) && version !== 'catalog:')).toEqual([])
})

test('all packages have the version of the whole', () => {
  expect(new Set(manifests.map(({ version }) => version)).size).toBe(1)
})

test('no registry is written down: whose it is, is the machine’s own affair', () => {
  expect(readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8')).not.toMatch(/https?:\/\//)
})
