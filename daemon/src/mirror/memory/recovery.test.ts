import { closeSync, openSync, readdirSync, renameSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { readFileUpdate } from '@tandem/shared/docs'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { lightFuse, live, type Life } from '../testing/fuse.ts'
import { createRig, type Rig } from '../testing/rig.ts'

// The process dies at a named step, life goes on, and it starts anew: one test for each way in which that once lost a
// line, or made two of one.
const undo = await lightFuse()
afterAll(undo)

let rig: Rig
beforeEach(() => {
  rig = createRig()
})
afterEach(() => rig.close())

/** A life that ends, or in which something happens, the first time that a step is taken with this being so. */
function lifeUntil(name: string, isThen: () => boolean = () => true, deed?: () => void): Life & { happened: boolean } {
  const life = {
    dead: false,
    happened: false,
    onStep: (step: string, _now: boolean, after: boolean) => {
      if (!step.startsWith(name) || !after || life.happened || !isThen()) return
      life.happened = true
      if (deed) live(somebody, deed)
      else life.dead = true
    },
  }
  return life
}
const somebody: Life = { dead: false, onStep: () => {} }

const start = (life: Life) => live(life, () => rig.start())
/** Starts anew and comes to rest. */
const restart = async () => {
  await rig.stop()
  const mirror = await rig.start()
  await mirror.settle()
  await mirror.flush()
  return mirror
}
const at = (path: string) => join(rig.folder, path)
const paths = () => [...rig.server.files.snapshot().byPath.keys()].toSorted()
const left = () => readdirSync(at('.tandem/tmp'))

test('[MIR-101] killed right after an exchange, then saved anew: what was written is what the save was made of', async () => {
  rig.write('a.ts', '1\n2\n')
  const life = lifeUntil('renameSync')
  await start(life)
  const id = rig.server.id('a.ts')
  rig.server.edit(id, '1', '1 typed')
  await rig.until(() => life.dead)
  rig.save('a.ts', '1 typed and saved\n2\n')
  const mirror = await restart()
  expect([rig.server.text(id), rig.read('a.ts')]).toEqual(Array(2).fill('1 typed and saved\n2\n'))
  expect(mirror.state.snapshot().conflicts).toEqual([])
})

test('[MIR-101] killed right after an exchange, then renamed: the same file under its new name', async () => {
  rig.write('a.ts', '1\n2\n')
  rig.write('keep.ts', 'keep\n')
  const life = lifeUntil('renameSync')
  await start(life)
  const id = rig.server.id('a.ts')
  rig.server.edit(id, '1', '1 typed')
  await rig.until(() => life.dead)
  renameSync(at('a.ts'), at('b.ts'))
  await restart()
  expect(paths()).toEqual(['b.ts', 'keep.ts'])
  expect([rig.server.id('b.ts'), rig.read('b.ts')]).toEqual([id, '1 typed\n2\n'])
})

test('[MIR-101] killed while a new file has two names, then saved anew: what was written is what the save was made of', async () => {
  rig.write('keep.ts', 'keep\n')
  const life = lifeUntil('link')
  await start(life)
  const id = rig.server.create('a.ts', '1\n2\n')
  await rig.until(() => life.dead)
  expect([rig.read('a.ts'), left().length]).toEqual(['1\n2\n', 1])
  rig.save('a.ts', '1\n2 saved\n')
  rig.server.edit(id, '1', '1 typed')
  const mirror = await restart()
  expect([rig.server.text(id), rig.read('a.ts')]).toEqual(Array(2).fill('1 typed\n2 saved\n'))
  expect(mirror.state.snapshot().conflicts).toEqual([])
})

test('[MIR-102] killed when what was written to the replaced file had come in: it does not come in again', async () => {
  rig.write('a.ts', '1\n2\n')
  const life = lifeUntil('write', () => rig.server.at('a.ts')?.includes('late') === true)
  await start(life)
  const id = rig.server.id('a.ts')
  const fd = openSync(at('a.ts'), 'a')
  rig.server.edit(id, '1', '1 typed')
  await rig.until(() => rig.read('a.ts') === '1 typed\n2\n')
  writeSync(fd, 'late\n')
  closeSync(fd)
  await rig.until(() => life.dead)
  // Somebody goes on with that line.
  rig.server.edit(id, 'late', 'late, and more')
  const mirror = await restart()
  expect(rig.server.text(id)).toBe('1 typed\n2\nlate, and more\n')
  await rig.until(() => rig.read('a.ts') === '1 typed\n2\nlate, and more\n')
  expect(mirror.state.snapshot().conflicts).toEqual([])
  await rig.until(() => left().length === 0)
})

test('[MIR-103] [MIR-108] renamed in the very moment in which it is replaced: one file, with what was typed', async () => {
  rig.write('a.ts', '1\n2\n')
  rig.write('keep.ts', 'keep\n')
  const life = lifeUntil('linkSync', undefined, () => renameSync(at('a.ts'), at('b.ts')))
  await start(life)
  const id = rig.server.id('a.ts')
  rig.server.edit(id, '1', '1 typed')
  await rig.until(() => rig.disk('b.ts') === '1 typed\n2\n')
  await restart()
  expect(paths()).toEqual(['b.ts', 'keep.ts'])
  expect([rig.server.id('b.ts'), rig.disk('a.ts')]).toEqual([id, undefined])
})

test('[MIR-103] killed between the two halves of a move, then saved under the old name: one file', async () => {
  rig.write('a.ts', '1\n2\n')
  const life = lifeUntil('link')
  await start(life)
  const id = rig.server.id('a.ts')
  rig.server.files.move(id, 'b.ts')
  await rig.until(() => life.dead)
  expect([rig.read('a.ts'), rig.read('b.ts')]).toEqual(['1\n2\n', '1\n2\n'])
  rig.save('a.ts', '1\n2 saved\n')
  await restart()
  expect([paths(), rig.server.at('b.ts'), rig.read('b.ts'), rig.disk('a.ts')]).toEqual([
    ['b.ts'],
    '1\n2 saved\n',
    '1\n2 saved\n',
    undefined,
  ])
})

test('[MIR-103] killed between the two halves of a move, saved under the old name, and renamed before anybody looked: one file, with what was typed', async () => {
  rig.write('a.ts', '1\n2\n')
  const life = lifeUntil('link')
  await start(life)
  const id = rig.server.id('a.ts')
  rig.server.files.move(id, 'b.ts')
  await rig.until(() => life.dead)
  rig.save('a.ts', '1\n2 saved\n')
  rig.server.edit(id, '1', '1 typed')
  await rig.stop()
  const next = lifeUntil('rename', undefined, () => renameSync(at('b.ts'), at('c.ts')))
  const mirror = await start(next)
  await mirror.settle()
  await mirror.flush()
  expect(next.happened).toBe(true)
  expect([paths(), rig.server.text(id), rig.read('c.ts')]).toEqual([['c.ts'], ...Array(2).fill('1 typed\n2 saved\n')])
})

test('[MIR-103] killed when a move was made but not noted, and another file made under the old name: two files', async () => {
  rig.write('a.ts', '1\n2\n')
  const life = lifeUntil('unlink', () => rig.disk('b.ts') !== undefined && rig.disk('a.ts') === undefined)
  await start(life)
  const id = rig.server.id('a.ts')
  rig.server.files.move(id, 'b.ts')
  await rig.until(() => life.dead)
  rig.write('a.ts', 'new\n')
  await restart()
  expect([paths(), rig.server.text(id), rig.read('b.ts'), rig.read('a.ts')]).toEqual([
    ['a.ts', 'b.ts'],
    '1\n2\n',
    '1\n2\n',
    'new\n',
  ])
})

test('[MIR-103] killed between the two halves of a move: one file, under its new name', async () => {
  rig.write('a.ts', '1\n2\n')
  const life = lifeUntil('link')
  await start(life)
  rig.server.files.move(rig.server.id('a.ts'), 'b.ts')
  await rig.until(() => life.dead)
  await restart()
  expect([paths(), rig.disk('a.ts'), rig.read('b.ts')]).toEqual([['b.ts'], undefined, '1\n2\n'])
})

test('[MIR-103] killed between the two halves of a move, then renamed once more elsewhere: one file, where it is to be', async () => {
  rig.write('a.ts', '1\n2\n')
  const life = lifeUntil('link')
  await start(life)
  const id = rig.server.id('a.ts')
  rig.server.files.move(id, 'b.ts')
  await rig.until(() => life.dead)
  rig.server.files.move(id, 'c.ts')
  rig.write('b.ts', '1\n2 more\n')
  await restart()
  expect([paths(), rig.server.text(id), rig.read('c.ts'), rig.disk('a.ts'), rig.disk('b.ts')]).toEqual([
    ['c.ts'],
    '1\n2 more\n',
    '1\n2 more\n',
    undefined,
    undefined,
  ])
})

test('[MIR-104] killed while a file is taken out: it is gone, and nothing is left', async () => {
  rig.write('a.ts', '1\n')
  rig.write('keep.ts', 'keep\n')
  const life = lifeUntil('rename', () => left().length > 0)
  await start(life)
  const id = rig.server.id('a.ts')
  rig.server.files.remove(id, { by: id, at: 0 })
  await rig.until(() => life.dead)
  expect(rig.disk('a.ts')).toBe(undefined)
  await restart()
  expect([paths(), rig.disk('a.ts'), left()]).toEqual([['keep.ts'], undefined, []])
})

test('[MIR-104] killed while a file was parked for another: both have their places', async () => {
  rig.write('a.ts', 'a\n')
  rig.write('b.ts', 'b\n')
  const life = lifeUntil('rename', () => left().some((name) => name.startsWith('p-')))
  await start(life)
  const [a, b] = [rig.server.id('a.ts'), rig.server.id('b.ts')]
  rig.server.files.transact(() => {
    rig.server.files.move(a, 'b.ts')
    rig.server.files.move(b, 'a.ts')
  }, 'somebody')
  await rig.until(() => life.dead)
  await restart()
  expect([paths(), rig.read('a.ts'), rig.read('b.ts'), left()]).toEqual([['a.ts', 'b.ts'], 'b\n', 'a\n', []])
})

test('[MIR-105] [MIR-34] deleted elsewhere while an edit of the disk is on its way in: the edit brings it back', async () => {
  rig.write('a.ts', '1\n2\n')
  rig.write('keep.ts', 'keep\n')
  let isSaved = false
  const life = lifeUntil(
    'write',
    () => isSaved,
    () => {
      const id = rig.server.id('a.ts')
      const snapshot = readFileUpdate(rig.server.save(id)).state
      rig.server.files.remove(id, { by: id, at: 0, snapshot })
    },
  )
  await start(life)
  const id = rig.server.id('a.ts')
  rig.save('a.ts', '1\n2\n3\n')
  isSaved = true
  await rig.until(() => life.happened && rig.server.text(id) === '1\n2\n3\n')
  const mirror = await restart()
  expect([paths(), rig.server.id('a.ts'), rig.read('a.ts')]).toEqual([['a.ts', 'keep.ts'], id, '1\n2\n3\n'])
  expect(mirror.state.snapshot().conflicts).toEqual([])
})

test('[MIR-106] killed when a first text was put and its entry was not: it is shared with what was written since', async () => {
  rig.write('a.ts', '1\n2\n')
  const life = lifeUntil('write')
  await start(life).catch(() => {}) // it dies
  await rig.until(() => life.dead)
  expect(paths()).toEqual([])
  writeFileSync(at('a.ts'), '1\n2\n3\n')
  const mirror = await restart()
  expect([paths(), rig.server.at('a.ts'), rig.read('a.ts')]).toEqual([['a.ts'], '1\n2\n3\n', '1\n2\n3\n'])
  expect(mirror.state.snapshot().conflicts).toEqual([])
})
