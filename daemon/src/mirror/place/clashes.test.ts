import { readdirSync, renameSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRig, type Rig } from '../testing/rig.ts'

let rig: Rig
beforeEach(() => {
  rig = createRig()
})
afterEach(() => rig.close())

const shared = () => [...rig.server.files.snapshot().byPath.keys()].toSorted()
const onDisk = () =>
  readdirSync(rig.folder)
    .filter((name) => name !== '.tandem')
    .toSorted()

test('[MIR-52] [MIR-96] of two new names that differ in case one is shared, until it goes', async () => {
  rig.write('Readme.md', 'one\n')
  rig.write('readme.md', 'two\n')
  const mirror = await rig.start()
  expect(shared()).toEqual(['Readme.md'])
  expect(mirror.state.snapshot().alerts).toMatchObject([{ kind: 'clash', path: 'readme.md' }])
  unlinkSync(join(rig.folder, 'Readme.md'))
  await rig.until(() => rig.server.at('readme.md') === 'two\n')
  expect(shared()).toEqual(['readme.md'])
  await rig.until(() => mirror.state.snapshot().alerts.length === 0)
})

test('[MIR-52] [MIR-96] a file made beside one of the same name in another case is left alone, until it has another', async () => {
  rig.write('a.ts', 'one\n')
  const mirror = await rig.start()
  rig.write('A.ts', 'two\n')
  await mirror.settle()
  expect(shared()).toEqual(['a.ts'])
  expect(rig.read('A.ts')).toBe('two\n')
  renameSync(join(rig.folder, 'A.ts'), join(rig.folder, 'b.ts'))
  await mirror.settle()
  expect(shared()).toEqual(['a.ts', 'b.ts'])
  await rig.until(() => mirror.state.snapshot().alerts.length === 0)
})

test('[MIR-52] [MIR-96] of two entries that clash one is written, and the other once that is gone or renamed', async () => {
  rig.write('mine.ts', 'mine\n')
  const mirror = await rig.start()
  const first = rig.server.create('a.ts', 'first\n')
  rig.server.create('A.ts', 'second\n')
  rig.server.create('MINE.ts', 'theirs\n')
  await rig.until(() => rig.disk('a.ts') === 'first\n')
  await mirror.flush()
  expect(onDisk()).toEqual(['a.ts', 'mine.ts'])
  expect(new Set(mirror.state.snapshot().alerts.map(({ path }) => path))).toEqual(new Set(['A.ts', 'MINE.ts']))
  rig.server.files.move(first, 'b.ts')
  await rig.until(() => rig.disk('A.ts') === 'second\n' && rig.disk('b.ts') === 'first\n')
  rig.server.files.remove(rig.server.id('mine.ts'), { by: first, at: 1 })
  await rig.until(() => rig.disk('MINE.ts') === 'theirs\n')
  await rig.until(() => mirror.state.snapshot().alerts.length === 0)
})

test('[MIR-52] [MIR-96] a rename elsewhere to a name that clashes waits', async () => {
  rig.write('a.ts', 'a\n')
  rig.write('b.ts', 'b\n')
  const mirror = await rig.start()
  const [a, b] = [rig.server.id('a.ts'), rig.server.id('b.ts')]
  rig.server.files.move(b, 'A.ts')
  await rig.until(() => mirror.state.snapshot().alerts.length === 1)
  expect(onDisk()).toEqual(['a.ts', 'b.ts'])
  rig.server.files.move(a, 'c.ts')
  await rig.until(() => rig.disk('A.ts') === 'b\n' && rig.disk('c.ts') === 'a\n' && rig.disk('b.ts') === undefined)
})

test('[MIR-52] a name in another normal form than the shared one is left alone, and told', async () => {
  rig.write('caf\u00e9.ts', 'one\n')
  rig.write('cafe\u0301.ts', 'two\n')
  const mirror = await rig.start()
  await mirror.settle()
  expect(shared()).toEqual(['caf\u00e9.ts'])
  expect(rig.read('cafe\u0301.ts')).toBe('two\n')
  expect(mirror.state.snapshot().alerts).toMatchObject([{ kind: 'clash', path: 'cafe\u0301.ts' }])
})

test('[MIR-33] a rename of case alone by another file of the same content keeps the id', async () => {
  rig.write('Readme.md', 'one\n')
  const mirror = await rig.start()
  const id = rig.server.id('Readme.md')
  unlinkSync(join(rig.folder, 'Readme.md'))
  rig.write('README.md', 'one\n')
  await mirror.settle()
  expect(shared()).toEqual(['README.md'])
  expect(rig.server.id('README.md')).toBe(id)
})

test('[MIR-33] a change of case and content at once, as git makes it, ends with the new name alone', async () => {
  rig.write('Readme.md', 'one\n')
  rig.write('b.ts', 'b\n')
  const mirror = await rig.start()
  unlinkSync(join(rig.folder, 'Readme.md'))
  rig.write('README.md', 'two\n')
  await mirror.settle()
  await rig.until(() => rig.server.at('README.md') === 'two\n')
  expect(shared()).toEqual(['README.md', 'b.ts'])
})
