import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createWriteTimes } from './blame-times.ts'

const minute = 60_000
const at = (times: ReturnType<typeof createWriteTimes>, client: number, clock: number) =>
  times.latest([{ client, clock, length: 1 }])

test('[UI-74] what is typed is one moment after the other, and the latest counts for a line', () => {
  const times = createWriteTimes()
  for (let clock = 0; clock < 50; clock++) times.learn({ client: 1, clock, length: 1 }, clock < 25 ? 0 : 10 * minute)
  expect([at(times, 1, 3), at(times, 1, 40), at(times, 1, 50), at(times, 2, 0)]).toEqual([
    0,
    10 * minute,
    undefined,
    undefined,
  ])
  expect(times.latest([{ client: 1, clock: 3, length: 30 }])).toBe(10 * minute)
})

test('[UI-74] the server’s word on a text says when each character of it was written, however it is cut', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(lengths, lengths, (ours, theirs) => {
      const total = ours.reduce((a, b) => a + b, 0)
      // The same text, cut elsewhere: the last run takes what is left.
      const cut: number[] = []
      for (let left = total, i = 0; left > 0; i++) {
        const length = Math.min(left, theirs[i] ?? left)
        cut.push(length)
        left -= length
      }
      const times = createWriteTimes()
      let clock = 0
      const runs = ours.map((length) => ({ client: 1, clock: (clock += length) - length, text: 'x'.repeat(length) }))
      times.learnFrom(
        runs,
        cut.map((length, i) => ({ length, author: 0, at: i * minute })),
      )
      const expected = cut.flatMap((length, i) => Array.from({ length }, () => i * minute))
      expect(expected.map((_, clock) => at(times, 1, clock))).toEqual(expected)
    }),
  )
})

test('[UI-74] a text of another length teaches nothing, and what was seen being typed stays', () => {
  const times = createWriteTimes()
  times.learn({ client: 1, clock: 0, length: 2 }, 5 * minute)
  const runs = [{ client: 1, clock: 0, text: 'four' }]
  times.learnFrom(runs, [{ length: 3, author: 0, at: minute }])
  expect(at(times, 1, 3)).toBeUndefined()
  times.learnFrom(runs, [{ length: 4, author: 0, at: minute }])
  expect([at(times, 1, 0), at(times, 1, 3)]).toEqual([5 * minute, minute])
})
