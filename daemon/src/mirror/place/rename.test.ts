import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { binary } from '../testing/binary.ts'
import { createRig, type Rig } from '../testing/rig.ts'

let rig: Rig
beforeEach(() => {
  rig = createRig()
})
afterEach(() => rig.close())

const at = (path: string) => join(rig.folder, path)
const mv = (from: string, to: string) => renameSync(at(from), at(to))
const shared = () => [...rig.server.files.snapshot().byPath.keys()].toSorted()
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: rig.folder, stdio: 'pipe' })

test('[MIR-28] [MIR-29] renamed and edited at once on disk, into another directory: the same file', async () => {
  rig.write('src/a.ts', 'one\ntwo\n')
  const mirror = await rig.start()
  const id = rig.server.id('src/a.ts')
  mkdirSync(at('lib/deep'), { recursive: true })
  mv('src/a.ts', 'lib/deep/b.ts')
  appendFileSync(at('lib/deep/b.ts'), 'three\n')
  await mirror.settle()
  expect(rig.server.id('lib/deep/b.ts')).toBe(id)
  expect(rig.server.at('lib/deep/b.ts')).toBe('one\ntwo\nthree\n')
  expect(shared().filter((path) => path !== 'src')).toEqual(['lib/deep/b.ts'])
})

test('[MIR-29] renamed and edited at once elsewhere, and edited here too: one file with all of it', async () => {
  rig.write('a.ts', '1\n2\n3\n')
  await rig.start()
  const id = rig.server.id('a.ts')
  rig.server.online(false)
  rig.server.files.move(id, 'dir/b.ts')
  rig.server.edit(id, '3\n', '3 typed\n')
  rig.write('a.ts', '1 disk\n2\n3\n')
  rig.server.online(true)
  const both = '1 disk\n2\n3 typed\n'
  await rig.until(() => rig.server.at('dir/b.ts') === both && rig.disk('dir/b.ts') === both && !existsSync(at('a.ts')))
  expect(shared()).toEqual(['dir/b.ts'])
})

test('[MIR-28] [MIR-119] renamed, and another file put in its old place at once, as logs are: two files', async () => {
  rig.write('log', 'one\n')
  const mirror = await rig.start({ watching: false })
  const id = rig.server.id('log')
  mv('log', 'log.1')
  rig.write('log', 'two\n')
  await mirror.settle()
  await mirror.flush()
  expect([rig.server.id('log.1'), rig.server.at('log.1'), rig.server.at('log')]).toEqual([id, 'one\n', 'two\n'])
  expect([rig.read('log.1'), rig.read('log')]).toEqual(['one\n', 'two\n'])
})

test('[MIR-34] [MIR-118] renamed here and deleted elsewhere, before either was known: it goes, unless it was edited too', async () => {
  rig.write('a.ts', 'a\n')
  rig.write('b.ts', 'b\n')
  rig.write('keep.ts', 'keep\n')
  await rig.start({ watching: false })
  const [a, b] = [rig.server.id('a.ts'), rig.server.id('b.ts')]
  mv('a.ts', 'c.ts')
  mv('b.ts', 'd.ts')
  appendFileSync(at('d.ts'), 'edited\n')
  rig.server.files.remove(a, { by: a, at: 0 })
  rig.server.files.remove(b, { by: b, at: 0 })
  await rig.until(() => rig.disk('c.ts') === undefined && rig.server.text(b) === 'b\nedited\n')
  expect([rig.server.files.get(a)?.deleted === undefined, rig.server.files.get(b)?.deleted]).toEqual([false, undefined])
  expect(shared().length).toBe(2)
})

test('[MIR-28] git mv of files and of a directory keeps every id', async () => {
  git('init', '-q')
  for (const path of ['src/a.ts', 'src/deep/b.ts', 'src/deep/c.ts']) rig.write(path, `${path}\n`)
  rig.write('logo.png', binary(1_000))
  git('add', '.')
  git('commit', '-qm', 'one')
  const mirror = await rig.start()
  const before = new Map(shared().map((path) => [path, rig.server.id(path)]))
  rig.server.takeUpdates()
  mkdirSync(at('lib'))
  git('mv', 'src/deep', 'lib/shallow')
  git('mv', 'src/a.ts', 'lib/a2.ts')
  git('mv', 'logo.png', 'lib/mark.png')
  await mirror.settle()
  const moved = ['lib/a2.ts', 'lib/mark.png', 'lib/shallow/b.ts', 'lib/shallow/c.ts']
  expect(shared().filter((path) => path !== 'src')).toEqual(moved)
  expect(moved.map(rig.server.id)).toEqual(
    ['src/a.ts', 'logo.png', 'src/deep/b.ts', 'src/deep/c.ts'].map((path) => before.get(path)),
  )
  expect(rig.server.takeUpdates()).toEqual([])
})

test('[MIR-28] renamed onto another file: its content is there, no third file is left', async () => {
  rig.write('a.ts', 'a\n')
  rig.write('b.ts', 'b\n')
  rig.write('c.ts', 'c\n')
  const mirror = await rig.start()
  mv('a.ts', 'b.ts')
  await mirror.settle()
  expect(shared()).toEqual(['b.ts', 'c.ts'])
  expect(rig.server.at('b.ts')).toBe('a\n')
  expect(rig.read('b.ts')).toBe('a\n')
})

test('[MIR-28] renamed elsewhere onto another file’s path, which is deleted there', async () => {
  rig.write('a.ts', 'a\n')
  rig.write('b.ts', 'b\n')
  const mirror = await rig.start()
  const [a, b] = [rig.server.id('a.ts'), rig.server.id('b.ts')]
  rig.server.files.transact(() => {
    rig.server.files.remove(b, { by: b, at: 1 })
    rig.server.files.move(a, 'b.ts')
  }, 'somebody')
  await rig.until(() => rig.disk('b.ts') === 'a\n' && rig.disk('a.ts') === undefined)
  await mirror.settle()
  expect(rig.server.id('b.ts')).toBe(a)
  expect(shared()).toEqual(['b.ts'])
})

test('[MIR-28] renamed elsewhere to where somebody just made a file here: both are kept', async () => {
  rig.write('a.ts', 'a\n')
  const mirror = await rig.start({ watching: false })
  writeFileSync(at('b.ts'), 'made here\n')
  rig.server.files.move(rig.server.id('a.ts'), 'b.ts')
  await rig.until(() => rig.disk('b.ts') === 'a\n')
  await mirror.settle()
  const [conflict] = mirror.state.snapshot().conflicts
  expect(rig.read(`${conflict?.record}.disk`)).toBe('made here\n')
})

test('[MIR-32] a directory renamed differently here and there: one name, every file once', async () => {
  for (let i = 0; i < 30; i++) rig.write(`dir/f${i}.ts`, `${i}\n`)
  const mirror = await rig.start()
  const ids = shared().map(rig.server.id)
  rig.server.online(false)
  mv('dir', 'here')
  rig.server.files.transact(() => {
    for (const id of ids) rig.server.files.move(id, `there/${rig.server.files.get(id)?.path.slice(4)}`)
  }, 'somebody')
  rig.server.online(true)
  await rig.until(() => rig.disk('there/f29.ts') === '29\n')
  await mirror.settle()
  expect(shared()).toHaveLength(30)
  expect(shared().every((path) => path.startsWith('there/'))).toBe(true)
  expect(readdirSync(at('there'))).toHaveLength(30)
  expect(existsSync(at('here'))).toBe(false)
})

test('[MIR-63] files that change places on disk do so elsewhere', async () => {
  const names = ['a.ts', 'b.ts', 'c.ts']
  for (const name of names) rig.write(name, `${name}\n`)
  rig.write('x.png', binary(1_000))
  rig.write('y.png', binary(1_000, 2))
  const mirror = await rig.start()
  const ids = new Map(shared().map((path) => [path, rig.server.id(path)]))
  mv('a.ts', 't')
  mv('b.ts', 'a.ts')
  mv('c.ts', 'b.ts')
  mv('t', 'c.ts')
  mv('x.png', 't')
  mv('y.png', 'x.png')
  mv('t', 'y.png')
  await mirror.settle()
  expect(names.map((name) => rig.server.at(name))).toEqual(['b.ts\n', 'c.ts\n', 'a.ts\n'])
  expect(rig.server.blob('x.png')).toEqual(Buffer.from(binary(1_000, 2)))
  expect(rig.server.blob('y.png')).toEqual(Buffer.from(binary(1_000)))
  expect(shared()).toHaveLength(5)
  expect(new Set(shared().map(rig.server.id))).toEqual(new Set(ids.values()))
})

test('[MIR-63] blobs that change places elsewhere do so on disk', async () => {
  rig.write('x.png', binary(1_000))
  rig.write('y.png', binary(1_000, 2))
  const mirror = await rig.start()
  const [x, y] = [rig.server.id('x.png'), rig.server.id('y.png')]
  rig.server.files.transact(() => {
    rig.server.files.move(x, 'y.png')
    rig.server.files.move(y, 'x.png')
  }, 'somebody')
  await mirror.flush()
  const isSwapped = () => rig.disk('x.png') === Buffer.from(binary(1_000, 2)).toString()
  await rig.until(() => isSwapped() && rig.disk('y.png') === Buffer.from(binary(1_000)).toString())
  await mirror.settle()
  expect([rig.server.id('y.png'), rig.server.id('x.png')]).toEqual([x, y])
  expect(mirror.state.snapshot().conflicts).toEqual([])
})

test('[MIR-49] renamed and made executable at once', async () => {
  rig.write('a', '#!/bin/sh\n')
  const mirror = await rig.start()
  const id = rig.server.id('a')
  mv('a', 'b.sh')
  chmodSync(at('b.sh'), 0o755)
  await mirror.settle()
  expect(rig.server.id('b.sh')).toBe(id)
  expect(rig.server.files.get(id)?.facts?.exec).toBe(true)
})

test('[MIR-46] emoji, joiners and half a surrogate pair leave both sides the same, and at rest', async () => {
  const family = '👨‍👩‍👧‍👦'
  rig.write('a.ts', `😀 one\n${family}\nthree\n`)
  const mirror = await rig.start()
  const id = rig.server.id('a.ts')
  rig.write('a.ts', `😁 one\n${family}\nthree\n`)
  await mirror.settle()
  rig.server.edit(id, family, '👨‍👩‍👧')
  await rig.until(() => rig.read('a.ts') === '😁 one\n👨‍👩‍👧\nthree\n')
  expect(rig.server.at('a.ts')).toBe('😁 one\n👨‍👩‍👧\nthree\n')
  // No file can hold it; the text keeps it, and what is edited on disk comes in beside it.
  rig.server.edit(id, 'three', 'three \ud83d')
  await rig.until(() => rig.read('a.ts') === '😁 one\n👨‍👩‍👧\nthree \ufffd\n')
  rig.write('a.ts', '😁 one more\n👨‍👩‍👧\nthree \ufffd\n')
  await mirror.settle()
  expect(rig.server.at('a.ts')?.startsWith('😁 one more\n👨‍👩‍👧\nthree ')).toBe(true)
  rig.server.takeUpdates()
  await mirror.settle()
  expect(rig.server.takeUpdates()).toEqual([])
  expect(mirror.state.snapshot().conflicts).toEqual([])
})

test('[MIR-140] [MIR-34] removed here and renamed elsewhere, its old name given to another file: each is what it was', async () => {
  rig.write('a.ts', 'a\n')
  rig.write('c.ts', 'c\n')
  rig.write('keep.ts', 'keep\n')
  const mirror = await rig.start()
  const [a, c] = [rig.server.id('a.ts'), rig.server.id('c.ts')]
  rig.server.online(false)
  rig.server.files.move(c, 'd.ts')
  rig.server.files.move(a, 'c.ts')
  rig.server.edit(a, 'a', 'a typed')
  unlinkSync(at('c.ts'))
  rig.server.online(true)
  await mirror.settle()
  await mirror.flush()
  await mirror.settle()
  expect([rig.server.text(a), rig.server.text(c)]).toEqual(['a typed\n', 'c\n'])
  await rig.until(
    () => rig.disk('d.ts') === 'c\n' && rig.disk('c.ts') === 'a typed\n' && rig.disk('a.ts') === undefined,
  )
})
