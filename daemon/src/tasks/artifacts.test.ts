import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { TandemError } from '@tandem/shared'
import { expect, onTestFinished, test } from 'vitest'
import { openRoot } from '../disk/write.ts'
import { keepArtifacts, type ArtifactPorts } from './artifacts.ts'

const never = new AbortController().signal

async function bench(files: Record<string, string>) {
  const base = await mkdtemp(join(tmpdir(), 'tandem-artifacts-'))
  onTestFinished(() => rm(base, { recursive: true, force: true }))
  const folder = join(base, 'folder')
  for (const [path, text] of Object.entries({ 'a.txt': 'a', ...files })) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  const brought = new Map<string, string>()
  const ports: ArtifactPorts = {
    root: await openRoot(folder),
    isSecret: (name) => name.startsWith('.env'),
    maxBytes: 1_000,
    put: async ({ hash, size }, read) => {
      const bytes = await read(0, size)
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(hash)
      brought.set(hash, Buffer.from(bytes).toString())
    },
  }
  const keep = async (patterns: string[], more: Partial<ArtifactPorts> = {}) => {
    const { kept, left } = await keepArtifacts(patterns, { ...ports, ...more }, never)
    return { kept: Object.fromEntries(kept.map(({ path, blob }) => [path, brought.get(blob)])), left, all: kept }
  }
  return { base, folder, keep }
}

test('[TSK-111] files are kept by their paths and by patterns, each once', async () => {
  const { keep } = await bench({ 'dist/a.tgz': 'A', 'dist/b.tgz': 'B', 'dist/deep/er/c.tgz': 'C', 'dist/x.map': 'X' })
  expect((await keep(['a.txt', 'dist/*.tgz', 'dist/a.*'])).kept).toEqual({ 'a.txt': 'a', 'dist/a.tgz': 'A', 'dist/b.tgz': 'B' }) // prettier-ignore
  expect((await keep(['dist/**/*.tgz'])).kept).toEqual({ 'dist/a.tgz': 'A', 'dist/b.tgz': 'B', 'dist/deep/er/c.tgz': 'C' }) // prettier-ignore
  expect(Object.keys((await keep(['./dist/**'])).kept)).toHaveLength(4)
  expect((await keep(['*/deep/**'])).all).toMatchObject([{ path: 'dist/deep/er/c.tgz', size: 1 }])
})

test('[TSK-111] through no link, nothing of .git, no secret, nothing outside', async () => {
  const { base, folder, keep } = await bench({ '.git/config': 'g', '.env': 's', 'sub/.env.local': 's', 'sub/ok': 'ok' })
  await writeFile(join(base, 'outside'), 'secret')
  await mkdir(join(base, 'elsewhere'))
  await writeFile(join(base, 'elsewhere/file'), 'secret')
  await symlink('../outside', join(folder, 'link'))
  await symlink('../elsewhere', join(folder, 'dir'))
  await symlink('a.txt', join(folder, 'within'))
  const { kept, left } = await keep(['**', 'link', 'dir/file', 'dir/**', '../outside', '/etc/passwd', '.git/config', '.env', 'sub/../../outside']) // prettier-ignore
  expect(Object.keys(kept)).toEqual(['a.txt', 'sub/ok'])
  expect(left).toEqual([
    'link (there is no such file)',
    'dir/file (there is no such file)',
    'dir/** (there is no such file)',
    '../outside (it leads out of the folder)',
    '/etc/passwd (it leads out of the folder)',
    '.git/config (there is no such file)',
    '.env (it stands for secrets)',
    'sub/../../outside (it leads out of the folder)',
  ])
})

test('[TSK-111] what is not kept is named with its reason: too large, refused, too many, a folder', async () => {
  const many = Object.fromEntries(Array.from({ length: 103 }, (_, i) => [`many/${String(i).padStart(3, '0')}`, `${i}`]))
  const { folder, keep } = await bench(many)
  await writeFile(join(folder, 'large'), '')
  await truncate(join(folder, 'large'), 1_001)
  expect((await keep(['large', 'none-*', 'many'])).left).toEqual([
    'none-* (there is no such file)',
    'many (a folder: ask for many/**)',
    'large (it is larger than 0 MB)',
  ])
  const { all, left } = await keep(['many/*'])
  expect([all.length, left]).toEqual([100, ['3 more files (100 are kept)']])
  const put = async () => {
    throw new TandemError('too-large', { reason: 'the file is too large' })
  }
  expect(await keep(['a.txt'], { put })).toMatchObject({ kept: {}, left: [expect.stringContaining('too large')] })
})

test('[TSK-183] a pattern is of *, ? and **, and none takes long, whatever names there are', async () => {
  const { keep } = await bench({ [`${'a'.repeat(200)}`]: 'A', '.hidden': 'h', 'x.1': '1', 'x.12': '2', '[a]': 'b' })
  const startedAt = performance.now()
  expect((await keep([`${'*a'.repeat(20)}*b`, `${'*(a|a)'.repeat(20)}b`, '{a,b}'.repeat(20)])).kept).toEqual({})
  expect(performance.now() - startedAt).toBeLessThan(2_000)
  expect(Object.keys((await keep(['x.?', '[a]', '*.?2'])).kept)).toEqual(['[a]', 'x.1', 'x.12'])
  expect(Object.keys((await keep(['*'])).kept)).not.toContain('.hidden')
  expect(Object.keys((await keep(['.h*'])).kept)).toEqual(['.hidden'])
})
