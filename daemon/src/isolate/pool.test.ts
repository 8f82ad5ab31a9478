import { PassThrough } from 'node:stream'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import type { Guest } from './hear.ts'
import { createPool } from './pool.ts'

function setUp() {
  const clock = fakeClock()
  const stop = new AbortController()
  const started: { guest: Guest; told: () => string; end(): void; isOver: boolean }[] = []
  const start = () => {
    const over = Promise.withResolvers<{ code: number; signal: null }>()
    const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()]
    const made = {
      guest: undefined as unknown as Guest,
      told: () => String(input.read() ?? ''),
      isOver: false,
      end: () => {},
    }
    made.end = () => {
      made.isOver = true
      over.resolve({ code: 0, signal: null })
    }
    made.guest = { pid: started.length + 1, input, output, errors, memory: () => 0, kill: made.end, exit: over.promise }
    started.push(made)
    return made.guest
  }
  return {
    clock,
    started,
    stop: () => stop.abort(),
    pool: createPool({ start, memMb: 64, clock, signal: stop.signal }),
  }
}

test('[S172] [SBX-296] nothing is started before it is needed; then one waits for the next, and is used once', () => {
  const { pool, started, clock } = setUp()
  expect(started).toHaveLength(0)
  const [first] = [pool.take()]
  pool.refill(false, 25)
  pool.refill(true, 25)
  expect(started).toHaveLength(1)
  clock.advance(25)
  expect(started).toHaveLength(2)
  expect(started[1]?.told()).toBe('{"t":"warm-up","typed":false,"memMb":64}\n')
  const [second, third] = [pool.take(), pool.take()]
  expect([first.pid, second.pid, third.pid]).toEqual([1, 2, 3])
})

test('[S172] [SBX-296] one that nobody needs for five minutes ends, and so does all with the signal', () => {
  const { pool, started, clock, stop } = setUp()
  pool.refill(false, 25)
  clock.advance(4 * 60_000)
  expect(started[0]?.isOver).toBe(false)
  clock.advance(60_025)
  expect(started[0]?.isOver).toBe(true)
  pool.refill(true, 25)
  clock.advance(25)
  expect(started[1]?.told()).toContain('"typed":true')
  stop()
  expect(started[1]?.isOver).toBe(true)
  pool.refill(false, 25)
  clock.advance(25)
  expect(started).toHaveLength(2)
})

test('[SBX-296] what is about to be started is not, where somebody takes one before, or nothing runs any more', () => {
  const { pool, started, clock, stop } = setUp()
  pool.refill(false, 25)
  pool.take()
  clock.advance(25)
  expect(started).toHaveLength(1)
  pool.refill(false, 25)
  stop()
  clock.advance(25)
  expect(started).toHaveLength(1)
})

test('[SBX-296] one that ended while it waited is not handed out', async () => {
  const { pool, started, clock } = setUp()
  pool.refill(false, 25)
  clock.advance(25)
  started[0]?.end()
  await started[0]?.guest.exit
  expect(pool.take().pid).toBe(2)
  clock.advance(3_600_000)
  expect(started[1]?.isOver).toBe(false)
})

test('[SBX-296] that none can be started is told whoever needs it, and nobody else', () => {
  const start = () => {
    throw new Error('too many open files')
  }
  const clock = fakeClock()
  const pool = createPool({ start, memMb: 64, clock, signal: new AbortController().signal })
  pool.refill(false, 25)
  clock.advance(25)
  expect(() => pool.take()).toThrow('too many open files')
})
