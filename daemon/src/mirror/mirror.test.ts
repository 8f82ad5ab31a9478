import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRig, type Rig } from './testing/rig.ts'

let rig: Rig
beforeEach(() => {
  rig = createRig()
})
afterEach(() => rig.close())

test('a folder’s files are shared when it is first opened, with how they are dressed', async () => {
  rig.write('a.ts', 'one\n')
  rig.write('src/deep/b.ts', 'two')
  rig.write('win.txt', 'x\r\ny\r\n')
  rig.write('empty', '')
  rig.write('run.sh', '#!/bin/sh\n')
  chmodSync(join(rig.folder, 'run.sh'), 0o755)
  rig.write('logo.png', Uint8Array.from([1, 0, 2]))
  await rig.start()
  expect([...rig.server.files.snapshot().byPath.keys()].toSorted()).toEqual([
    'a.ts',
    'empty',
    'logo.png',
    'run.sh',
    'src/deep/b.ts',
    'win.txt',
  ])
  expect(rig.server.at('src/deep/b.ts')).toBe('two')
  expect(rig.server.at('win.txt')).toBe('x\ny\n')
  expect(rig.server.files.snapshot().byPath.get('win.txt')?.facts).toMatchObject({ eol: 'crlf', exec: false })
  expect(rig.server.files.snapshot().byPath.get('run.sh')?.facts?.exec).toBe(true)
  expect(rig.server.files.snapshot().byPath.get('logo.png')).toMatchObject({
    kind: 'blob',
    facts: { size: 3 },
  })
})

test('[MIR-1] an edit on disk is in the document', async () => {
  rig.write('a.ts', 'one\ntwo\n')
  await rig.start()
  rig.write('a.ts', 'one\nTWO\n')
  await rig.until(() => rig.server.at('a.ts') === 'one\nTWO\n')
})

test('[MIR-2] what is typed is on disk', async () => {
  rig.write('a.ts', 'one\n')
  await rig.start()
  rig.server.edit(rig.server.id('a.ts'), 'one', 'one more')
  await rig.until(() => rig.read('a.ts') === 'one more\n')
  for (const letter of 'typing') rig.server.edit(rig.server.id('a.ts'), '\n', `${letter}\n`)
  await rig.until(() => rig.read('a.ts') === 'one moretyping\n')
})

test('[MIR-3] disk and document change different lines at once: both are kept, on both sides', async () => {
  rig.write('a.ts', '1\n2\n3\n4\n5\n')
  await rig.start()
  rig.write('a.ts', '1 disk\n2\n3\n4\n5\n')
  rig.server.edit(rig.server.id('a.ts'), '5', '5 typed')
  const both = '1 disk\n2\n3\n4\n5 typed\n'
  await rig.until(() => rig.server.at('a.ts') === both && rig.read('a.ts') === both)
})

test('[MIR-4] the same line on both sides is kept from both, once, and recorded', async () => {
  rig.write('a.ts', 'one\nx\ntwo\n')
  const mirror = await rig.start()
  rig.server.online(false)
  rig.write('a.ts', 'one\nx disk\ntwo\n')
  rig.server.edit(rig.server.id('a.ts'), 'x', 'x typed')
  rig.server.online(true)
  const both = 'one\nx typed\nx disk\ntwo\n'
  await rig.until(() => rig.server.at('a.ts') === both && rig.read('a.ts') === both)
  const [conflict] = mirror.state.snapshot().conflicts
  expect(conflict?.path).toBe('a.ts')
  expect(rig.read(`${conflict?.record}.disk`)).toBe('one\nx disk\ntwo\n')
  expect(rig.read(`${conflict?.record}.remote`)).toBe('one\nx typed\ntwo\n')
})

test('[MIR-5] the same text on both sides is there once', async () => {
  rig.write('a.ts', 'one\n')
  await rig.start()
  rig.server.online(false)
  rig.write('a.ts', 'one\nsame\n')
  rig.server.edit(rig.server.id('a.ts'), 'one\n', 'one\nsame\n')
  rig.server.online(true)
  const mirror = await restart()
  await mirror.settle()
  expect([rig.server.at('a.ts'), rig.read('a.ts')]).toEqual(['one\nsame\n', 'one\nsame\n'])
})

const restart = async (options = {}) => {
  await rig.stop()
  return rig.start(options)
}

test('[MIR-6] a save without a change, and a touch, do nothing', async () => {
  rig.write('a.ts', 'one\n')
  const mirror = await rig.start()
  rig.server.takeUpdates()
  rig.write('a.ts', 'one\n')
  utimesSync(join(rig.folder, 'a.ts'), new Date(), new Date())
  await mirror.settle()
  expect(rig.server.takeUpdates()).toEqual([])
})

test('[MIR-7] a save by a temporary file and a rename is one change of the same file', async () => {
  rig.write('a.ts', 'one\n')
  const mirror = await rig.start()
  const id = rig.server.id('a.ts')
  rig.server.takeUpdates()
  rig.save('a.ts', 'one\ntwo\n')
  await rig.until(() => rig.server.at('a.ts') === 'one\ntwo\n')
  await mirror.settle()
  expect(rig.server.takeUpdates()).toEqual([id])
  expect(rig.server.id('a.ts')).toBe(id)
})

test('[MIR-8] a save that truncates first publishes no empty state', async () => {
  rig.write('a.ts', 'one\ntwo\nthree\n')
  const mirror = await rig.start()
  rig.server.takeUpdates()
  rig.write('a.ts', '')
  await rig.until(() => rig.lines.some((line) => line.includes('mirror file shrank')))
  rig.write('a.ts', 'one\ntwo\nthree!\n')
  await rig.until(() => rig.server.at('a.ts') === 'one\ntwo\nthree!\n')
  await mirror.settle()
  expect(rig.server.takeUpdates()).toHaveLength(1)
})

test('[MIR-13] an edit made while the daemon was down is taken in', async () => {
  rig.write('a.ts', 'one\n')
  await rig.start()
  await rig.stop()
  rig.write('a.ts', 'one\ntwo\n')
  await rig.start()
  await rig.until(() => rig.server.at('a.ts') === 'one\ntwo\n')
})

test('[MIR-14] edits on both sides while the daemon was down are merged', async () => {
  rig.write('a.ts', '1\n2\n3\n')
  await rig.start()
  await rig.stop()
  rig.write('a.ts', '1 disk\n2\n3\n')
  rig.server.edit(rig.server.id('a.ts'), '3', '3 typed')
  const mirror = await rig.start()
  await mirror.settle()
  expect(rig.server.at('a.ts')).toBe('1 disk\n2\n3 typed\n')
  expect(rig.read('a.ts')).toBe('1 disk\n2\n3 typed\n')
})

test('[MIR-25] joining a workspace with a folder that is not empty deletes nothing on either side', async () => {
  rig.server.create('theirs.ts', 'theirs\n')
  rig.server.create('same.ts', 'same\n')
  rig.write('ours.ts', 'ours\n')
  rig.write('same.ts', 'same\n')
  await rig.start()
  expect(rig.read('theirs.ts')).toBe('theirs\n')
  expect(rig.server.at('ours.ts')).toBe('ours\n')
  expect(rig.server.at('same.ts')).toBe('same\n')
  expect(rig.server.files.snapshot().byId.size).toBe(3)
})

test('[MIR-26] the same new path here and there: one file, the other text kept aside', async () => {
  const mirror = await rig.start()
  rig.server.online(false)
  rig.write('new.ts', 'disk\n')
  rig.server.create('new.ts', 'typed\n')
  rig.server.online(true)
  await rig.until(() => mirror.state.snapshot().conflicts.length > 0 && rig.disk('new.ts') === 'typed\n')
  expect(rig.server.at('new.ts')).toBe('typed\n')
  expect(rig.read(`${mirror.state.snapshot().conflicts[0]?.record}.disk`)).toBe('disk\n')
})

test('[MIR-26] two entries of one path: the lower id has it, the other text is kept aside', async () => {
  const low = rig.server.create('new.ts', 'first\n')
  const high = rig.server.create('new.ts', 'second\n')
  const mirror = await rig.start()
  await mirror.flush()
  expect(rig.server.files.get(high)?.deleted).toBeDefined()
  expect(rig.server.files.get(low)?.deleted).toBeUndefined()
  expect(rig.read('new.ts')).toBe('first\n')
  expect(rig.read(`${mirror.state.snapshot().conflicts[0]?.record}.disk`)).toBe('second\n')
})

test('[MIR-28] a rename on disk keeps the file’s id and text', async () => {
  rig.write('a.ts', 'one\n')
  const mirror = await rig.start()
  const id = rig.server.id('a.ts')
  rig.server.takeUpdates()
  renameSync(join(rig.folder, 'a.ts'), join(rig.folder, 'b.ts'))
  await rig.until(() => rig.server.at('b.ts') === 'one\n')
  await mirror.settle()
  expect(rig.server.id('b.ts')).toBe(id)
  expect(rig.server.takeUpdates()).toEqual([])
})

test('[MIR-28] a rename elsewhere moves the file on disk', async () => {
  rig.write('dir/a.ts', 'one\n')
  await rig.start()
  rig.server.files.move(rig.server.id('dir/a.ts'), 'other/b.ts')
  await rig.until(() => rig.disk('other/b.ts') === 'one\n' && rig.disk('dir/a.ts') === undefined)
  await rig.until(() => !readdirSync(rig.folder).includes('dir'))
})

test('[MIR-29] a rename here and an edit there both survive', async () => {
  rig.write('a.ts', 'one\n')
  await rig.start()
  rig.server.online(false)
  renameSync(join(rig.folder, 'a.ts'), join(rig.folder, 'b.ts'))
  rig.server.edit(rig.server.id('a.ts'), 'one\n', 'one\ntwo\n')
  rig.server.online(true)
  await rig.until(() => rig.server.at('b.ts') === 'one\ntwo\n' && rig.disk('b.ts') === 'one\ntwo\n')
  expect(rig.disk('a.ts')).toBeUndefined()
})

test('[LOG-97] many files changed on both sides while apart come in at once, and go out', async () => {
  const paths = Array.from({ length: 60 }, (_, i) => `src/f${i}.ts`)
  for (const path of paths) rig.write(path, '1\n2\n3\n')
  await rig.start()
  const ids = paths.map((path) => rig.server.id(path))
  await rig.stop()
  for (const path of paths.slice(0, 50)) rig.write(path, '1 disk\n2\n3\n')
  for (const id of ids.slice(40)) rig.server.edit(id, '3', '3 typed')
  rig.write('src/f0.ts', Uint8Array.of(0, 1, 2))
  rig.write('src/f1.ts', '')
  rig.write('src/f2.ts', '1 disk\r\n2\r\n3\r\n')
  await rig.start()
  await rig.until(() => paths.slice(3).every((path, i) => rig.read(path) === rig.server.text(ids[i + 3] ?? '')))
  expect(rig.read('src/f45.ts')).toBe('1 disk\n2\n3 typed\n')
  expect(rig.server.at('src/f1.ts')).toBe('')
  expect(rig.server.at('src/f2.ts')).toBe('1 disk\n2\n3\n')
  expect(rig.server.files.snapshot().byPath.get('src/f2.ts')?.facts?.eol).toBe('crlf')
  expect(rig.server.files.snapshot().byPath.get('src/f0.ts')?.kind).toBe('blob')
  expect(rig.lines.some((line) => line.includes('imported in bulk'))).toBe(true)
  // Nothing is left to do.
  await rig.stop()
  rig.server.takeUpdates()
  const mirror = await rig.start()
  await mirror.settle()
  expect(rig.server.takeUpdates()).toEqual([])
})

test('[MIR-30] a renamed directory of 250 files is 250 new paths and no new text', async () => {
  for (let i = 0; i < 250; i++) rig.write(`dir/f${i}.ts`, `file ${i}\n`)
  const mirror = await rig.start()
  const id = rig.server.id('dir/f7.ts')
  rig.server.takeUpdates()
  renameSync(join(rig.folder, 'dir'), join(rig.folder, 'moved'))
  await rig.until(() => [...rig.server.files.snapshot().byPath.keys()].every((path) => path.startsWith('moved/')))
  await mirror.settle()
  expect(rig.server.id('moved/f7.ts')).toBe(id)
  expect(rig.server.takeUpdates()).toEqual([])
  expect(rig.server.files.snapshot().byPath.size).toBe(250)
})

test('[MIR-32] renamed differently here and there: one name wins on both sides', async () => {
  rig.write('a.ts', 'one\n')
  await rig.start()
  rig.server.online(false)
  const id = rig.server.id('a.ts')
  renameSync(join(rig.folder, 'a.ts'), join(rig.folder, 'here.ts'))
  rig.server.files.move(id, 'there.ts')
  rig.server.online(true)
  await rig.until(() => rig.disk('there.ts') === 'one\n' && rig.disk('here.ts') === undefined)
  expect(rig.server.files.get(id)?.path).toBe('there.ts')
})

test('[MIR-63] two files that change places elsewhere change places on disk', async () => {
  rig.write('a.ts', 'A\n')
  rig.write('b.ts', 'B\n')
  await rig.start()
  const [a, b] = [rig.server.id('a.ts'), rig.server.id('b.ts')]
  rig.server.files.transact(() => {
    rig.server.files.move(a, 'b.ts')
    rig.server.files.move(b, 'a.ts')
  }, 'somebody')
  await rig.until(() => rig.disk('a.ts') === 'B\n' && rig.disk('b.ts') === 'A\n')
})

test('[MIR-63] three files that change places in a ring do so on disk', async () => {
  for (const name of ['a', 'b', 'c']) rig.write(name, `${name}\n`)
  await rig.start()
  const ids = ['a', 'b', 'c'].map((name) => rig.server.id(name))
  rig.server.files.transact(
    () => ids.forEach((id, i) => rig.server.files.move(id, ['b', 'c', 'a'][i] ?? '')),
    'somebody',
  )
  await rig.until(() => rig.disk('a') === 'c\n' && rig.disk('b') === 'a\n' && rig.disk('c') === 'b\n')
})

test('[MIR-34] deleted here and edited there: the file survives', async () => {
  rig.write('a.ts', 'one\n')
  rig.write('b.ts', 'b\n')
  await rig.start()
  rig.server.online(false)
  unlinkSync(join(rig.folder, 'a.ts'))
  rig.server.edit(rig.server.id('a.ts'), 'one\n', 'one\ntwo\n')
  rig.server.online(true)
  await rig.until(() => rig.disk('a.ts') === 'one\ntwo\n')
  expect(rig.server.at('a.ts')).toBe('one\ntwo\n')
})

test('[MIR-34] deleted there and edited here: the file survives', async () => {
  rig.write('a.ts', 'one\n')
  await rig.start()
  const id = rig.server.id('a.ts')
  rig.server.online(false)
  rig.write('a.ts', 'one\ntwo\n')
  rig.server.files.remove(id, { by: id, at: 1 })
  rig.server.online(true)
  await rig.until(() => rig.server.at('a.ts') === 'one\ntwo\n')
  expect(rig.read('a.ts')).toBe('one\ntwo\n')
})

test('[MIR-34] an edit that arrives after the deletion brings the file back', async () => {
  rig.write('a.ts', 'one\n')
  rig.write('b.ts', 'b\n')
  await rig.start()
  const id = rig.server.id('a.ts')
  unlinkSync(join(rig.folder, 'a.ts'))
  await rig.until(() => rig.server.files.get(id)?.deleted !== undefined)
  rig.server.edit(id, 'one\n', 'one\nlate\n')
  await rig.until(() => rig.disk('a.ts') === 'one\nlate\n')
})

test('[LOG-28] one damaged text on the server stops nothing, is never taken for an empty one, and is not deleted', async () => {
  for (let i = 0; i < 20; i++) rig.server.create(`f${i}.ts`, `${i}\n`)
  const [lost, known] = [rig.server.id('f7.ts'), rig.server.id('f8.ts')]
  rig.server.damage(lost)
  const mirror = await rig.start()
  expect(mirror.state.snapshot().phase).toBe('live')
  expect(rig.disk('f7.ts')).toBeUndefined()
  expect(rig.read('f19.ts')).toBe('19\n')
  await mirror.flush()
  expect(rig.lines.some((line) => line.includes('f7.ts') && line.includes('copy is damaged'))).toBe(true)

  rig.server.damage(known)
  unlinkSync(join(rig.folder, 'f8.ts'))
  unlinkSync(join(rig.folder, 'f9.ts'))
  await rig.until(() => rig.server.at('f9.ts') === undefined)
  await rig.until(() => rig.lines.some((line) => line.includes('f8.ts') && line.includes('not deleted')))
  expect(rig.server.files.get(known)?.deleted).toBeUndefined()
})

test('a deletion there deletes here, one here deletes there', async () => {
  rig.write('dir/a.ts', 'one\n')
  rig.write('b.ts', 'b\n')
  rig.write('c.ts', 'c\n')
  await rig.start()
  rig.server.files.remove(rig.server.id('dir/a.ts'), { by: rig.server.id('b.ts'), at: 1 })
  await rig.until(() => rig.disk('dir/a.ts') === undefined)
  unlinkSync(join(rig.folder, 'b.ts'))
  await rig.until(() => rig.server.at('b.ts') === undefined)
  expect(rig.server.at('c.ts')).toBe('c\n')
})

test('[MIR-36] everything deleted at once: the mirror halts, and goes on when told that it was meant', async () => {
  for (let i = 0; i < 30; i++) rig.write(`f${i}.ts`, `${i}\n`)
  const mirror = await rig.start()
  for (let i = 0; i < 30; i++) unlinkSync(join(rig.folder, `f${i}.ts`))
  await rig.until(() => mirror.state.snapshot().phase === 'halted')
  expect(mirror.state.snapshot().reason).toContain('30 of 30 files are gone')
  expect(rig.server.files.snapshot().byPath.size).toBe(30)
  rig.write('f0.ts', '0\n')
  await expect(mirror.flush()).rejects.toThrow('The mirror has stopped')
  rig.write('.tandem/confirm-deletes', '')
  await rig.until(() => rig.server.files.snapshot().byPath.size === 1)
  await rig.until(() => mirror.state.snapshot().phase === 'live')
})

test('[MIR-37] the folder moved away: the mirror halts, and goes on when it is back', async () => {
  rig.write('a.ts', 'one\n')
  rig.write('b.ts', 'one\n')
  const mirror = await rig.start()
  renameSync(rig.folder, rig.folder + '-away')
  await expect(mirror.settle()).rejects.toThrow('The mirror has stopped')
  expect(rig.server.files.snapshot().byPath.size).toBe(2)
  renameSync(rig.folder + '-away', rig.folder)
  await rig.until(() => mirror.state.snapshot().phase === 'live')
  rig.write('a.ts', 'two\n')
  await rig.until(() => rig.server.at('a.ts') === 'two\n')
})

test('[MIR-40] what is ignored neither leaves nor enters, and is counted', async () => {
  rig.write('.gitignore', 'out\n*.log\n')
  rig.write('a.log', 'x')
  rig.write('out/x', 'x')
  rig.write('node_modules/p/index.js', 'x')
  rig.write('.env', 'SECRET=1')
  rig.write('.github/ci.yml', 'x')
  rig.write('sub/.gitignore', '!keep.log\n')
  rig.write('sub/keep.log', 'x')
  rig.server.create('node_modules/evil.js', 'evil')
  rig.server.create('out/evil.js', 'evil')
  const mirror = await rig.start()
  await mirror.flush()
  expect([...rig.server.files.snapshot().byPath.keys()].toSorted()).toEqual([
    '.github/ci.yml',
    '.gitignore',
    'node_modules/evil.js',
    'out/evil.js',
    'sub/.gitignore',
    'sub/keep.log',
  ])
  expect(rig.disk('node_modules/evil.js')).toBeUndefined()
  expect(rig.disk('out/evil.js')).toBeUndefined()
  expect(mirror.state.snapshot().hidden).toContainEqual({ reason: '.gitignore', count: 2 })
  expect(mirror.state.snapshot().hidden).toContainEqual({ reason: '.env', count: 1 })
})

test('[MIR-45] line ends, mark and missing last line feed stay through an edit from outside', async () => {
  rig.write('win.txt', '\ufeffone\r\ntwo')
  await rig.start()
  const before = readFileSync(join(rig.folder, 'win.txt'))
  rig.server.edit(rig.server.id('win.txt'), 'one', 'one more')
  await rig.until(() => rig.disk('win.txt') === '\ufeffone more\r\ntwo')
  expect(readFileSync(join(rig.folder, 'win.txt')).length).toBe(before.length + 5)
})

test('[MIR-49] the executable bit goes both ways', async () => {
  rig.write('a.sh', 'x\n')
  await rig.start()
  chmodSync(join(rig.folder, 'a.sh'), 0o755)
  await rig.until(() => rig.server.files.snapshot().byPath.get('a.sh')?.facts?.exec === true)
  const entry = rig.server.files.snapshot().byPath.get('a.sh')
  rig.server.files.setFacts(rig.server.id('a.sh'), { size: 2, eol: 'lf', bom: false, ...entry?.facts, exec: false })
  await rig.until(() => (statSync(join(rig.folder, 'a.sh')).mode & 0o111) === 0)
})

test('[MIR-50] nothing is written through a symbolic link, whatever it points to', async () => {
  const outside = join(rig.folder, '..', 'outside')
  mkdirSync(outside)
  rig.write('dir/a.ts', 'one\n')
  await rig.start()
  const id = rig.server.id('dir/a.ts')
  rmSync(join(rig.folder, 'dir'), { recursive: true })
  symlinkSync(outside, join(rig.folder, 'dir'))
  rig.server.edit(id, 'one', 'evil')
  rig.server.create('dir/b.ts', 'evil\n')
  rig.server.create('ok.ts', 'ok\n')
  await rig.until(
    () => rig.disk('ok.ts') === 'ok\n' && rig.lines.some((line) => line.includes('a parent is not a directory')),
  )
  expect(readdirSync(outside)).toEqual([])
})

test('[MIR-51] paths that lead outside, or into .git, are refused and logged', async () => {
  mkdirSync(join(rig.folder, '.git/hooks'), { recursive: true })
  const before = readdirSync(rig.folder)
  for (const path of ['../evil', '.git/hooks/post-commit', '.GIT/x', '/tmp/evil', '.tandem/evil'])
    rig.server.create(path, 'evil')
  await rig.start()
  expect(readdirSync(join(rig.folder, '.git/hooks'))).toEqual([])
  expect(readdirSync(rig.folder).filter((name) => name !== '.tandem')).toEqual(before)
  expect(rig.lines.filter((line) => line.includes('mirror path refused'))).toHaveLength(5)
})

test('[MIR-64] nobody elsewhere writes or moves what others would run, or what decides on sharing', async () => {
  rig.write('a.ts', 'one\n')
  const mirror = await rig.start()
  const hidden = ['.husky/pre-commit', '.vscode/tasks.json', '.envrc', '.mcp.json', '.tandemignore', '.env', 'id_rsa']
  for (const path of hidden) rig.server.create(path, 'evil')
  rig.server.files.move(rig.server.id('a.ts'), '.bashrc')
  await mirror.flush()
  expect(readdirSync(rig.folder).filter((name) => name !== '.tandem')).toEqual(['a.ts'])
  expect(rig.lines.filter((line) => line.includes('mirror path refused'))).toHaveLength(hidden.length + 1)
})

test('[MIR-53] a file that cannot be written is tried again, and its shadow does not move', async () => {
  rig.write('a.ts', 'one\n')
  await rig.start()
  // A directory in the place of the staging area fails every export, as a full disk would, also for root.
  rmSync(join(rig.folder, '.tandem/tmp'), { recursive: true })
  rig.write('.tandem/tmp', 'in the way')
  rig.server.edit(rig.server.id('a.ts'), 'one', 'typed')
  await rig.until(() => rig.lines.some((line) => line.includes('mirror file failed')))
  expect(rig.read('a.ts')).toBe('one\n')
  rmSync(join(rig.folder, '.tandem/tmp'))
  mkdirSync(join(rig.folder, '.tandem/tmp'))
  await rig.until(() => rig.read('a.ts') === 'typed\n')
})

test('[MIR-57] a barrier before a task sees what was typed just before', async () => {
  rig.write('a.ts', 'one\n')
  const mirror = await rig.start()
  rig.server.edit(rig.server.id('a.ts'), 'one', 'typed')
  rig.server.create('new.ts', 'new\n')
  await mirror.flush()
  expect(rig.read('a.ts')).toBe('typed\n')
  expect(rig.read('new.ts')).toBe('new\n')
})

test('[MIR-58] a barrier after a task has everything in, also without a watcher', async () => {
  for (let i = 0; i < 30; i++) rig.write(`keep/${i}.ts`, 'x\n')
  rig.write('a.ts', 'one\n')
  const mirror = await rig.start({ watching: false })
  for (let i = 0; i < 300; i++) rig.write(`made/${i}.ts`, `${i}\n`)
  rig.write('a.ts', 'two\n')
  unlinkSync(join(rig.folder, 'keep/0.ts'))
  await mirror.settle()
  expect(rig.server.at('made/299.ts')).toBe('299\n')
  expect(rig.server.at('a.ts')).toBe('two\n')
  expect(rig.server.at('keep/0.ts')).toBeUndefined()
})

test('[MIR-62] a file that becomes binary is a new entry, and back again a text', async () => {
  rig.write('a.bin', 'text\n')
  rig.write('b.ts', 'b\n')
  await rig.start()
  const id = rig.server.id('a.bin')
  rig.write('a.bin', Uint8Array.from([1, 0, 2, 3, 4, 5]))
  await rig.until(() => rig.server.files.snapshot().byPath.get('a.bin')?.kind === 'blob')
  expect(rig.server.files.get(id)?.deleted).toBeDefined()
  rig.write('a.bin', 'text again\n')
  await rig.until(() => rig.server.at('a.bin') === 'text again\n')
})

test('[MIR-33] a rename of case alone, here or there, keeps the file’s id and text', async () => {
  rig.write('Readme.md', 'one\n')
  const mirror = await rig.start()
  const id = rig.server.id('Readme.md')
  renameSync(join(rig.folder, 'Readme.md'), join(rig.folder, 'README.md'))
  await mirror.settle()
  expect(rig.server.id('README.md')).toBe(id)
  rig.server.files.move(id, 'readme.md')
  await mirror.flush()
  expect(readdirSync(rig.folder).filter((name) => name !== '.tandem')).toEqual(['readme.md'])
  expect(rig.read('readme.md')).toBe('one\n')
  expect([...rig.server.files.snapshot().byPath.keys()]).toEqual(['readme.md'])
})
