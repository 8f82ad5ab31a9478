import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createIgnore } from '../../watch/ignore.ts'
import { linkReason } from '../../watch/links.ts'
import { createRig, type Rig } from '../testing/rig.ts'

let rig: Rig
beforeEach(() => {
  rig = createRig()
})
afterEach(() => rig.close())

const at = (path: string) => join(rig.folder, path)
const entryAt = (path: string) => rig.server.files.snapshot().byPath.get(path)
const target = (path: string): string | undefined => {
  try {
    return readlinkSync(at(path))
  } catch {
    return undefined
  }
}
const makeLink = (path: string, to: string) =>
  rig.server.files.create(path, 'symlink', { size: to.length, exec: false, eol: 'lf', bom: false, blob: to })
const setLink = (path: string, to: string) =>
  rig.server.files.setFacts(rig.server.id(path), { size: to.length, exec: false, eol: 'lf', bom: false, blob: to })
const deleted = (path: string) => rig.server.files.remove(rig.server.id(path), { by: rig.server.id(path), at: 1 })

test('[MIR-93] a link is shared by its target: made, changed and removed on disk', async () => {
  rig.write('papers/guide.md', 'guide\n')
  symlinkSync('papers/guide.md', at('README.md'))
  const mirror = await rig.start()
  expect(entryAt('README.md')).toMatchObject({ kind: 'symlink', facts: { blob: 'papers/guide.md' } })
  unlinkSync(at('README.md'))
  symlinkSync('papers', at('README.md'))
  symlinkSync('../README.md', at('papers/up'))
  await mirror.settle()
  expect(entryAt('README.md')?.facts?.blob).toBe('papers')
  expect(entryAt('papers/up')?.facts?.blob).toBe('../README.md')
  unlinkSync(at('README.md'))
  await mirror.settle()
  expect(entryAt('README.md')).toBeUndefined()
  // What it led to is as it was.
  expect(rig.server.at('papers/guide.md')).toBe('guide\n')
})

test('[MIR-93] a link made, changed, renamed and deleted elsewhere is so on disk', async () => {
  rig.write('a.ts', 'a\n')
  const mirror = await rig.start()
  makeLink('sub/link', '../a.ts')
  await rig.until(() => target('sub/link') === '../a.ts', 'made')
  setLink('sub/link', '../b.ts')
  await rig.until(() => target('sub/link') === '../b.ts', 'changed')
  rig.server.files.move(rig.server.id('sub/link'), 'sub2/link')
  await rig.until(() => target('sub2/link') === '../b.ts' && target('sub/link') === undefined, 'moved')
  deleted('sub2/link')
  await rig.until(() => target('sub2/link') === undefined, 'deleted')
  await mirror.flush()
  expect(readdirSync(rig.folder).toSorted()).toEqual(['.tandem', 'a.ts'])
  expect(readdirSync(at('.tandem/tmp'))).toEqual([])
})

test('[MIR-50] [MIR-93] a link that leads out of the folder, in a loop or to what is not shared: none is followed, none of the bad ones shared or written', async () => {
  mkdirSync(join(rig.folder, '..', 'outside'))
  rig.write('../outside/secret', 'secret')
  rig.write('.env', 'SECRET=1')
  const bad = [
    '/etc/passwd',
    '../outside',
    'sub/../../outside',
    '.env',
    '.git/hooks',
    '.tandem',
    'node_modules/x',
    'a\\b',
    'C:x',
  ]
  for (const [i, to] of bad.entries()) symlinkSync(to, at(`bad${i}`))
  symlinkSync('loop', at('loop'))
  symlinkSync('.', at('self'))
  for (const [i, to] of bad.entries()) makeLink(`evil${i}`, to)
  const mirror = await rig.start()
  await mirror.flush()
  expect([...rig.server.files.snapshot().byPath.keys()].filter((path) => !path.startsWith('evil')).toSorted()).toEqual([
    'loop',
    'self',
  ])
  expect(readdirSync(rig.folder).filter((name) => name.startsWith('evil'))).toEqual([])
  expect(mirror.state.snapshot().hidden).toContainEqual({ reason: 'symbolic links', count: bad.length })
  expect(rig.lines.filter((line) => line.includes('a link that is not written'))).toHaveLength(bad.length)
})

test('[MIR-93] where a target may lead', async () => {
  const ignore = createIgnore(rig.folder)
  const isShared = (path: string, to: string) => linkReason(ignore, path, to) === undefined
  for (const to of ['b.ts', './b.ts', 'sub/b.ts', '../b.ts', '../../c/', '..', '../..', 'not-there'])
    expect([to, isShared('x/y/link', to)]).toEqual([to, true])
  // After a name, which may be a link by now, nobody knows where it goes back to.
  for (const to of [
    '',
    '/',
    '/b.ts',
    '../../../b.ts',
    'a/../b.ts',
    '../a/../../b.ts',
    'c:/b',
    '\\\\host\\x',
    '../../.git/x',
    '../../.GIT',
    'node_modules',
    'e\u0301.ts',
    'a\u0000b',
  ])
    expect([to, isShared('x/y/link', to)]).toEqual([to, false])
})

test('[MIR-93] a link that both sides changed: the shared one is in place, the other target is kept', async () => {
  symlinkSync('a', at('link'))
  await rig.start()
  await rig.stop()
  unlinkSync(at('link'))
  symlinkSync('mine', at('link'))
  setLink('link', 'theirs')
  const mirror = await rig.start()
  await mirror.settle()
  expect(target('link')).toBe('theirs')
  const [conflict] = mirror.state.snapshot().conflicts
  expect(rig.read(`${conflict?.record}.disk`)).toBe('mine')
})

test('[MIR-95] a file swapped for a link, a link for a directory, a directory for a file, and back, on disk', async () => {
  rig.write('x', 'text\n')
  rig.write('keep.ts', 'keep\n')
  const mirror = await rig.start()
  unlinkSync(at('x'))
  symlinkSync('keep.ts', at('x'))
  await mirror.settle()
  expect(entryAt('x')).toMatchObject({ kind: 'symlink', facts: { blob: 'keep.ts' } })
  unlinkSync(at('x'))
  rig.write('x/in.ts', 'in\n')
  await mirror.settle()
  expect(entryAt('x')).toBeUndefined()
  expect(rig.server.at('x/in.ts')).toBe('in\n')
  rmSync(at('x'), { recursive: true })
  rig.write('x', 'text again\n')
  await mirror.settle()
  expect(rig.server.at('x')).toBe('text again\n')
  expect(entryAt('x/in.ts')).toBeUndefined()
})

test('[MIR-95] a file swapped for a link elsewhere, and back', async () => {
  rig.write('x', 'text\n')
  rig.write('keep.ts', 'keep\n')
  await rig.start()
  deleted('x')
  makeLink('x', 'keep.ts')
  await rig.until(() => target('x') === 'keep.ts', 'a link')
  deleted('x')
  rig.server.create('x', 'text again\n')
  await rig.until(
    () => !lstatSync(at('x'), { throwIfNoEntry: false })?.isSymbolicLink() && rig.disk('x') === 'text again\n',
    'a text',
  )
  expect(rig.read('keep.ts')).toBe('keep\n')
})

test('[MIR-95] a file that gives way to a directory elsewhere, and back, also by a rename', async () => {
  rig.write('x', 'text\n')
  rig.write('keep.ts', 'keep\n')
  const mirror = await rig.start()
  const move = (path: string, to: string) => rig.server.files.move(rig.server.id(path), to)
  rig.server.files.transact(() => {
    rig.server.create('x/in.ts', 'in\n')
    deleted('x')
  }, 'somebody')
  await rig.until(() => rig.disk('x/in.ts') === 'in\n', 'a directory')
  rig.server.files.transact(() => {
    rig.server.create('x', 'text again\n')
    deleted('x/in.ts')
  }, 'somebody')
  await rig.until(() => rig.disk('x') === 'text again\n', 'a file')
  rig.server.files.transact(() => {
    move('keep.ts', 'x/keep.ts')
    move('x', 'y')
  }, 'somebody')
  await rig.until(() => rig.disk('x/keep.ts') === 'keep\n' && rig.disk('y') === 'text again\n', 'renamed')
  rig.server.files.transact(() => {
    move('y', 'x')
    move('x/keep.ts', 'keep.ts')
  }, 'somebody')
  await rig.until(() => rig.disk('x') === 'text again\n' && rig.disk('keep.ts') === 'keep\n', 'renamed back')
  await mirror.settle()
  expect([...rig.server.files.snapshot().byPath.keys()].toSorted()).toEqual(['keep.ts', 'x'])
})

test('[MIR-94] an empty directory made or removed on disk is so elsewhere', async () => {
  mkdirSync(at('empty/deep'), { recursive: true })
  rig.write('a.ts', 'a\n')
  const mirror = await rig.start()
  await rig.until(() => entryAt('empty/deep')?.kind === 'dir', 'found at the start')
  expect(entryAt('empty')).toBeUndefined()
  mkdirSync(at('later'))
  await rig.until(() => entryAt('later')?.kind === 'dir', 'found later')
  rmdirSync(at('later'))
  rmSync(at('empty'), { recursive: true })
  await rig.until(() => entryAt('later') === undefined && entryAt('empty/deep') === undefined, 'removed')
  unlinkSync(at('a.ts'))
  mkdirSync(at('lib'))
  rig.write('lib/a.ts', 'a\n')
  await mirror.settle()
  unlinkSync(at('lib/a.ts'))
  await mirror.settle()
  expect(entryAt('lib')?.kind).toBe('dir')
})

test('[MIR-94] an empty directory made or removed elsewhere is so on disk; one that is not empty stays', async () => {
  rig.write('full/a.ts', 'a\n')
  const mirror = await rig.start()
  const id = rig.server.files.create('empty/deep', 'dir')
  const full = rig.server.files.create('full', 'dir')
  await rig.until(() => existsSync(at('empty/deep')), 'made')
  rig.server.files.move(id, 'moved/deep')
  await rig.until(() => existsSync(at('moved/deep')) && !existsSync(at('empty')), 'moved')
  deleted('moved/deep')
  await rig.until(() => !existsSync(at('moved')), 'removed')
  // Its last file goes, the directory is meant to stay.
  deleted('full/a.ts')
  await rig.until(() => rig.disk('full/a.ts') === undefined, 'emptied')
  await mirror.settle()
  expect(existsSync(at('full'))).toBe(true)
  rig.server.files.remove(full, { by: full, at: 1 })
  await rig.until(() => !existsSync(at('full')), 'gone at last')
})

test('[MIR-94] a directory that is filled at once makes no entry, and one with an entry keeps it', async () => {
  mkdirSync(at('kept'))
  rig.write('a.ts', 'a\n')
  const mirror = await rig.start()
  await rig.until(() => entryAt('kept')?.kind === 'dir')
  const id = rig.server.id('kept')
  rig.write('kept/b.ts', 'b\n')
  rig.write('fresh/c.ts', 'c\n')
  await mirror.settle()
  expect(rig.server.id('kept')).toBe(id)
  expect([...rig.server.files.snapshot().byId.values()].filter((entry) => entry.kind === 'dir')).toHaveLength(1)
  // All of it goes at once.
  rmSync(at('kept'), { recursive: true })
  await mirror.settle()
  expect([...rig.server.files.snapshot().byPath.keys()].toSorted()).toEqual(['a.ts', 'fresh/c.ts'])
})

test('[MIR-30] a renamed directory takes its empty directories and links with it', async () => {
  rig.write('dir/a.ts', 'a\n')
  mkdirSync(at('dir/empty'))
  symlinkSync('a.ts', at('dir/link'))
  const mirror = await rig.start()
  await mirror.settle()
  const id = rig.server.id('dir/a.ts')
  renameSync(at('dir'), at('moved'))
  await mirror.settle()
  expect([...rig.server.files.snapshot().byPath.keys()].toSorted()).toEqual(['moved/a.ts', 'moved/empty', 'moved/link'])
  expect(rig.server.id('moved/a.ts')).toBe(id)
})
