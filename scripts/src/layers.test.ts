import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { foldersByFolder, packagesByPackage, yjsFolders } from './layers.ts'
import { root } from './stage.ts'

// Every layer rule is broken once, in a folder of its own: a lint rule nobody has seen fail may match nothing.

// By a computed path: the configuration lies outside this package's borders, which the type checker guards.
const { default: config } = (await import(join(root, 'oxlint.config.ts'))) as { default: object }

let folder = ''
/** What oxlint found, by file. One run over all samples: starting it is the slow part. */
let findingsByFile: Map<string, string[]>
const samples = new Map<string, string>()

const packageNames = Object.keys(packagesByPackage)
const sibling = (name: string, inFolder: string, other: string) => [
  `${name}/src/${inFolder}/to-${other}.ts`,
  `export { x } from '../${other}/x.ts'\n`,
]
const folderPairs = Object.entries(foldersByFolder).flatMap(([name, folders]) =>
  Object.entries(folders).flatMap(([from, allowed]) =>
    Object.keys(folders)
      .filter((to) => to !== from)
      .map((to) => ({ name, from, to, lawful: allowed.includes(to) })),
  ),
)
const packagePairs = packageNames.flatMap((from) =>
  packageNames
    .filter((to) => to !== from)
    .map((to) => ({ from, to, lawful: packagesByPackage[from] === 'all' || packagesByPackage[from]!.includes(to) })),
)
const yjsPlaces = Object.entries(foldersByFolder).flatMap(([name, folders]) =>
  Object.keys(folders).map((each) => ({ place: `${name}/${each}`, lawful: yjsFolders.includes(`${name}/${each}`) })),
)

const others: Record<string, { file: string; text: string; rule?: string }> = {
  'a path into another package': {
    file: 'server/src/http/path.ts',
    text: "export { x } from '../../../daemon/src/link/x.ts'\n",
    rule: 'no-restricted-imports',
  },
  'raw Yjs in a test': { file: 'server/src/http/some.test.ts', text: "export { Doc } from 'yjs'\n" },
  'a sibling in a test': { file: 'daemon/src/link/some.test.ts', text: "export { x } from '../mirror/x.ts'\n" },
  'another package in a test': {
    file: 'daemon/src/link/other.test.ts',
    text: "export { x } from '@tandem/server'\n",
    rule: 'no-restricted-imports',
  },
  'what only serves tests may use raw Yjs': { file: 'server/src/test-server.ts', text: "export { Doc } from 'yjs'\n" },
  'a folder of test material may use raw Yjs': {
    file: 'daemon/src/mirror/testing/memory.ts',
    text: "export { Doc } from 'yjs'\n",
  },
  'the composition file knows all': { file: 'server/src/server.ts', text: "export { x } from './http/x.ts'\n" },
  console: { file: 'daemon/src/link/console.ts', text: "console.log('x')\n", rule: 'no-console' },
  any: { file: 'daemon/src/link/any.ts', text: 'export const x = (y: any) => y\n', rule: 'no-explicit-any' },
  'a file name in camelCase': { file: 'daemon/src/link/camelCase.ts', text: 'export {}\n', rule: 'filename-case' },
  'a kebab-case file name': { file: 'daemon/src/link/kebab-case.ts', text: 'export {}\n' },
  'the environment read anywhere': {
    file: 'server/src/sync/env.ts',
    text: 'export const x = process.env.HOME\n',
    rule: 'no-process-env',
  },
  'the environment read in config': { file: 'server/src/config.ts', text: 'export const x = process.env.HOME\n' },
  'a cycle': { file: 'daemon/src/git/a.ts', text: "export { b as a } from './b.ts'\n", rule: 'no-cycle' },
  'the rest of that cycle': {
    file: 'daemon/src/git/b.ts',
    text: "export { a as b } from './a.ts'\n",
    rule: 'no-cycle',
  },
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-layers-'))
  for (const { name, from, to } of folderPairs) samples.set(...(sibling(name, from, to) as [string, string]))
  for (const { from, to } of packagePairs) {
    samples.set(`${from}/src/to-${to}.ts`, `export { x } from '@tandem/${to}'\n`)
  }
  for (const { place } of yjsPlaces) {
    const [name, each] = place.split('/') as [string, string]
    samples.set(`${name}/src/${each}/raw-yjs.ts`, "export { Doc } from 'yjs'\n")
  }
  for (const { file, text } of Object.values(others)) samples.set(file, text)
  for (const [file, text] of samples) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  // Without types: the samples stand alone, and no layer rule needs them.
  writeFileSync(join(folder, '.oxlintrc.json'), JSON.stringify({ ...config, options: undefined }))
  findingsByFile = lint()
}, 60_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(folderPairs)('$name: $from may import $to: $lawful', ({ name, from, to, lawful }) => {
  expect(rulesAt(`${name}/src/${from}/to-${to}.ts`)).toEqual(lawful ? [] : ['no-restricted-imports'])
})

test.each(packagePairs)('package $from may import package $to: $lawful', ({ from, to, lawful }) => {
  expect(rulesAt(`${from}/src/to-${to}.ts`)).toEqual(lawful ? [] : ['no-restricted-imports'])
})

test.each(yjsPlaces)('$place may import raw Yjs: $lawful', ({ place, lawful }) => {
  const [name, each] = place.split('/')
  expect(rulesAt(`${name}/src/${each}/raw-yjs.ts`)).toEqual(lawful ? [] : ['no-restricted-imports'])
})

test.each(Object.entries(others))('%s', (_name, { file, rule }) => {
  expect(rulesAt(file)).toEqual(rule ? [rule] : [])
})

test('every folder of the sources has its place in the table', () => {
  const missing = packageNames
    .filter((name) => name in foldersByFolder)
    .flatMap((name) =>
      readdirSync(join(root, name, 'src'), { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !(entry.name in foldersByFolder[name]!))
        .map((entry) => `${name}/src/${entry.name}`),
    )
  expect(missing, 'add them to scripts/src/layers.ts').toEqual([])
})

function rulesAt(file: string) {
  expect(samples.has(file)).toBe(true)
  return findingsByFile.get(file) ?? []
}

function lint() {
  const Findings = z.object({ diagnostics: z.array(z.object({ code: z.string(), filename: z.string() })) })
  let output: string
  try {
    output = execFileSync(join(root, 'node_modules/.bin/oxlint'), ['-f', 'json', '.'], {
      cwd: folder,
      encoding: 'utf8',
    })
  } catch (error) {
    output = (error as { stdout: string }).stdout // findings make it end with 1
  }
  const found = new Map<string, string[]>()
  for (const { code, filename } of Findings.parse(JSON.parse(output)).diagnostics) {
    const rule = /\((.+)\)/.exec(code)?.[1] ?? code
    found.set(filename, [...(found.get(filename) ?? []), rule])
  }
  return found
}
