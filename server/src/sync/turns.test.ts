import { expect, test } from 'vitest'
import { createTurns } from './turns.ts'

test('[ACC-33] questions of one asker are answered in their order, a bounded number waits, and others are not kept', async () => {
  const inTurn = createTurns()
  const [one, other] = [{}, {}]
  const gate = Promise.withResolvers<void>()
  const done: number[] = []
  let [running, atOnce] = [0, 0]
  const asked = Array.from({ length: 64 }, (_, i) =>
    inTurn(one, async () => {
      atOnce = Math.max(atOnce, (running += 1))
      await gate.promise
      running -= 1
      done.push(i)
      if (i === 0) throw new Error('told to who asked')
    }),
  )
  expect(inTurn(one, async () => void done.push(-1))).toBe(false)
  await inTurn(other, async () => void done.push(1_000))
  expect(done).toEqual([1_000])
  gate.resolve()
  const outcomes = await Promise.allSettled(asked.map(async (each) => each))
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', ...Array<string>(63).fill('fulfilled')])
  expect(atOnce).toBe(1)
  expect(done).toEqual([1_000, ...Array.from({ length: 64 }, (_, i) => i)])
  await inTurn(one, async () => void done.push(2_000))
  expect(done.at(-1)).toBe(2_000)
})
