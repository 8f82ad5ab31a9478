import { mkdirSync, readdirSync, renameSync, rmSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { createId } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Mirror } from '../mirror.ts'
import { createQuestions } from './questions.ts'
import { createRig, type Rig } from '../testing/rig.ts'

let rig: Rig
beforeEach(() => (rig = createRig()))
afterEach(() => rig.close())

const shared = () => rig.server.files.snapshot().byPath.size
const phase = (mirror: Mirror) => mirror.state.snapshot().phase
const question = (mirror: Mirror) => mirror.state.snapshot().question
const remove = (from: number, to: number) => {
  for (let i = from; i < to; i++) unlinkSync(join(rig.folder, `f${i}.ts`))
}
/** So many files, shared. */
async function startWith(files: number, options?: Parameters<Rig['start']>[0]): Promise<Mirror> {
  for (let i = 0; i < files; i++) rig.write(`f${i}.ts`, `${i}\n`)
  return rig.start(options)
}

test('[MIR-36] [MIR-123] most files gone: nobody loses one before somebody has answered, and then just these', async () => {
  const mirror = await startWith(30)
  remove(0, 25)
  await rig.until(() => phase(mirror) === 'halted')
  const asked = question(mirror)
  expect(asked).toMatchObject({ kind: 'deletions', count: 25, total: 30 })
  expect(asked?.examples).toHaveLength(20)
  mirror.answer(createId(), 'delete')
  mirror.answer(asked?.id ?? '', 'dismiss')
  await expect(mirror.settle()).rejects.toThrow('The mirror has stopped')
  expect(shared()).toBe(30)

  mirror.answer(asked?.id ?? '', 'delete')
  await rig.until(() => shared() === 5)
  await rig.until(() => phase(mirror) === 'live')
  expect(question(mirror)).toBeUndefined()
  // One yes is for one time.
  mirror.answer(asked?.id ?? '', 'delete')
  remove(25, 30)
  await rig.until(() => phase(mirror) === 'halted')
  expect(question(mirror)?.id).not.toBe(asked?.id)
})

test('[MIR-36] [MIR-123] put back: what vanished is on disk again, with what was typed meanwhile', async () => {
  const mirror = await startWith(30)
  remove(0, 30)
  await rig.until(() => phase(mirror) === 'halted')
  rig.server.edit(rig.server.id('f7.ts'), '7', 'seven')
  mirror.answer(question(mirror)?.id ?? '', 'restore')
  await rig.until(() => phase(mirror) === 'live' && rig.disk('f7.ts') === 'seven\n' && rig.disk('f29.ts') === '29\n')
  expect(shared()).toBe(30)
  expect(readdirSync(rig.folder).filter((name) => name.startsWith('f'))).toHaveLength(30)
  rig.write('f0.ts', 'still followed\n')
  await rig.until(() => rig.server.at('f0.ts') === 'still followed\n')
})

test('[MIR-123] an answer to a question of an earlier life does nothing', async () => {
  const first = await startWith(30, { watching: false })
  remove(0, 25)
  await expect(first.settle()).rejects.toThrow('25 of 30')
  const asked = question(first)
  await rig.stop()
  const second = await rig.start({ watching: false })
  await rig.until(() => phase(second) === 'halted')
  second.answer(asked?.id ?? '', 'delete')
  await expect(second.settle()).rejects.toThrow('25 of 30')
  expect(question(second)?.id).not.toBe(asked?.id)
  expect(shared()).toBe(30)
})

test('[MIR-123] fewer files are the same question, more are another, and an answer is taken once', () => {
  const questions = createQuestions(fakeClock(1))
  const ids = [createId(), createId(), createId()] as const
  const files = (count: number) => new Map(ids.slice(0, count).map((id, i) => [id, `${i}.ts`]))
  const asked = questions.ask(files(2), 3)
  expect(questions.ask(files(2), 3)).toBe(asked)
  expect(questions.ask(files(1), 3)).toEqual({ ...asked, count: 1, examples: ['0.ts'] })
  const more = questions.ask(files(3), 3)
  expect(more.id).not.toBe(asked.id)
  expect(questions.answer(asked.id, 'delete')).toBe(false)
  expect(questions.answer(more.id, 'restore')).toBe(true)
  expect(questions.answer(more.id, 'delete')).toBe(false)
  expect(questions.take()).toEqual({ answer: 'restore', files: new Set(ids) })
  expect(questions.take()).toBeUndefined()
  expect(questions.isOpen()).toBe(false)
})

test('[MIR-124] a folder that is being restored loses nothing of what is not there yet', async () => {
  const mirror = await startWith(40, { watching: false })
  remove(0, 40)
  await expect(mirror.settle()).rejects.toThrow('40 of 40')
  const asked = question(mirror)
  for (let i = 0; i < 35; i++) rig.write(`f${i}.ts`, `${i}\n`)
  // Five of forty alone would be deletions like any others.
  await rig.until(() => question(mirror)?.count === 5)
  expect(question(mirror)?.id).toBe(asked?.id)
  expect(shared()).toBe(40)
  for (let i = 35; i < 40; i++) rig.write(`f${i}.ts`, `${i}\n`)
  await rig.until(() => phase(mirror) === 'live')
  expect(shared()).toBe(40)
  expect(rig.server.files.snapshot().byId.size).toBe(40)
})

test('[MIR-36] a few files gone together with the daemon’s own folder are asked about; without them it is made again', async () => {
  const mirror = await startWith(30, { watching: false })
  rmSync(join(rig.folder, '.tandem'), { recursive: true })
  await mirror.settle()
  expect(phase(mirror)).toBe('live')
  expect(readdirSync(join(rig.folder, '.tandem')).toSorted()).toEqual(['conflicts', 'tmp', 'trash'])
  rmSync(join(rig.folder, '.tandem'), { recursive: true })
  remove(0, 2)
  await expect(mirror.settle()).rejects.toThrow('2 of 30')
  mirror.answer(question(mirror)?.id ?? '', 'delete')
  await rig.until(() => phase(mirror) === 'live')
  expect(shared()).toBe(28)
})

test('[MIR-37] [MIR-125] another directory in the place of the folder is not read, not written and not deleted from', async () => {
  const mirror = await startWith(4)
  renameSync(rig.folder, `${rig.folder}-away`)
  mkdirSync(rig.folder)
  rig.write('f0.ts', 'another project\n')
  await rig.until(() => phase(mirror) === 'halted')
  expect(mirror.state.snapshot().reason).toContain('Another folder is where the shared one was')
  expect(question(mirror)).toBeUndefined()
  rig.server.edit(rig.server.id('f1.ts'), '1', 'typed')
  await expect(mirror.settle()).rejects.toThrow('Another folder')
  expect(readdirSync(rig.folder)).toEqual(['f0.ts'])
  expect([shared(), rig.server.at('f0.ts')]).toEqual([4, '0\n'])

  rmSync(rig.folder, { recursive: true })
  renameSync(`${rig.folder}-away`, rig.folder)
  await rig.until(() => phase(mirror) === 'live' && rig.disk('f1.ts') === 'typed\n')
  expect(shared()).toBe(4)
})

test('[MIR-126] a mass deletion from elsewhere is done, and its files are in the trash; a few are just deleted', async () => {
  const mirror = await startWith(32)
  const by = createId()
  const drop = (from: number, to: number) =>
    rig.server.files.transact(() => {
      for (let i = from; i < to; i++) rig.server.files.remove(rig.server.id(`f${i}.ts`), { by, at: 1 })
    }, 'somebody')
  const trash = () => readdirSync(join(rig.folder, '.tandem/trash'))
  drop(0, 2)
  await rig.until(() => rig.disk('f1.ts') === undefined)
  await mirror.settle()
  expect(trash()).toEqual([])
  drop(2, 32)
  await rig.until(() => trash().length === 30)
  await mirror.settle()
  expect(phase(mirror)).toBe('live')
  expect(rig.read(`.tandem/trash/${trash().find((name) => name.endsWith('-f31.ts'))}`)).toBe('31\n')
})
