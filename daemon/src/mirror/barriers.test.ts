import { createId } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { appendFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createBarriers } from './barriers.ts'
import { createRig, type Rig } from './testing/rig.ts'

let rig: Rig
beforeEach(() => (rig = createRig()))
afterEach(() => rig.close())

/** A barrier, and what came of it so far. */
function setUp() {
  const clock = fakeClock()
  let pokes = 0
  const barriers = createBarriers(clock, () => pokes++)
  const waitFor = (deletions: boolean) => {
    const came: { leftOut?: readonly string[]; error?: unknown } = {}
    barriers.wait(deletions).then(
      (leftOut) => (came.leftOut = leftOut),
      (error: unknown) => (came.error = error),
    )
    return came
  }
  return { clock, barriers, waitFor, pokes: () => pokes }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('[MIR-128] a barrier is through when all is quiet; one that waits for deletions, when none is open', async () => {
  const { barriers, waitFor } = setUp()
  const [before, after] = [waitFor(false), waitFor(true)]
  expect(barriers.inHaste()).toBe(true)
  barriers.reached(false, ['a.ts'])
  await settled()
  expect([before.leftOut, after.leftOut]).toEqual([['a.ts'], undefined])
  barriers.reached(true, [])
  await settled()
  expect(after.leftOut).toEqual([])
  expect(barriers.inHaste()).toBe(false)
})

test('[MIR-128] where something never rests, it is through once all there was has been looked at and been at work', async () => {
  const { clock, barriers, waitFor, pokes } = setUp()
  const [log, slow, later] = [createId(), createId(), createId()]
  const came = waitFor(true)
  const turn = (...pending: string[]) => {
    barriers.turnBegins()
    barriers.turnEnded(pending)
    barriers.release(() => ['a.log'])
    return settled()
  }
  // However often: as long as it has patience, all must be quiet.
  for (let i = 0; i < 100; i++) await turn()
  expect(came).toEqual({})
  const before = pokes()
  barriers.turnBegins()
  clock.advance(5_000)
  expect(pokes()).toBe(before + 1)
  // This turn had begun before: it may have looked too early.
  barriers.turnEnded([])
  barriers.release(() => [])
  await settled()
  expect(came).toEqual({})
  await turn(log, slow)
  barriers.finished(log)
  // What comes to it afterwards is not waited for, what was there is.
  await turn(log, slow, later)
  expect(came).toEqual({})
  barriers.finished(slow)
  await turn(log, later)
  expect(came).toEqual({ leftOut: ['a.log'] })
})

test('[MIR-128] a mirror that stops says so to who waits', async () => {
  const { barriers, waitFor } = setUp()
  const came = waitFor(false)
  barriers.fail(new Error('stopped'))
  await settled()
  expect(came.error).toEqual(new Error('stopped'))
})

test('[MIR-128] [MIR-57] a file that cannot be written holds no task back, and is named', async () => {
  rig.write('a.ts', 'one\n')
  const mirror = await rig.start()
  // Without its staging area every export fails, as with a full disk, also for root.
  rmSync(join(rig.folder, '.tandem/tmp'), { recursive: true })
  rig.write('.tandem/tmp', 'in the way')
  rig.server.edit(rig.server.id('a.ts'), 'one', 'typed')
  expect(await mirror.flush()).toEqual(['a.ts'])
  expect(await mirror.settle()).toEqual(['a.ts'])
  rmSync(join(rig.folder, '.tandem/tmp'))
  mkdirSync(join(rig.folder, '.tandem/tmp'))
  await rig.until(() => rig.read('a.ts') === 'typed\n')
  expect(await mirror.flush()).toEqual([])
})

test('[MIR-128] a file that is written to all the time holds back neither the first mirror nor a task', async () => {
  for (let i = 0; i < 10; i++) rig.write(`f${i}.ts`, `${i}\n`)
  rig.write('a.log', '')
  const writing = setInterval(() => appendFileSync(join(rig.folder, 'a.log'), 'a line\n'), 2)
  try {
    const mirror = await rig.start()
    expect(rig.server.at('f9.ts')).toBe('9\n')
    rig.write('f9.ts', 'by a task\n')
    await mirror.settle()
    expect(rig.server.at('f9.ts')).toBe('by a task\n')
  } finally {
    clearInterval(writing)
  }
  await rig.until(() => rig.server.at('a.log') === rig.read('a.log'))
})
