import { createId, type Id } from '@tandem/shared'
import { randomFrom } from '@tandem/shared/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createGathering, cutsAt, type Deed } from './steps.ts'

const [mira, ben] = [createId(), createId()]
/** A quarter past of some hour, ms. */
const start = 1_000 * 3_600_000 + 900_000
const minute = 60_000

const deed = (seq: number, author: Id, at: number, more: Partial<Deed> = {}): Deed => ({
  seq,
  at,
  since: { seq, at },
  entries: 1,
  author,
  edited: mira,
  ...more,
})
const gather = (deeds: readonly Deed[], named: readonly number[] = []) => {
  const gathering = createGathering(cutsAt(named))
  for (const each of deeds.toReversed()) gathering.add(each)
  return gathering.steps.map(({ author, first, seq, entries }) => ({ author, first, seq, entries }))
}

test('[LOG-50] two people who type at once give two steps, not a hundred', () => {
  const deeds = Array.from({ length: 100 }, (_, i) => deed(i + 1, i % 2 ? ben : mira, start + i * 1_000))
  expect(gather(deeds)).toEqual([
    { author: ben, first: 2, seq: 100, entries: 50 },
    { author: mira, first: 1, seq: 99, entries: 50 },
  ])
})

test('[LOG-50] a step ends at a pause, with the half hour, with another cause and at a named version', () => {
  const ends = (deeds: readonly Deed[], named: readonly number[] = []) => gather(deeds, named).map(({ seq }) => seq)
  expect(ends([deed(1, mira, start), deed(2, mira, start + 2 * minute)])).toEqual([2])
  expect(ends([deed(1, mira, start), deed(2, mira, start + 2 * minute + 1)])).toEqual([2, 1])
  expect(ends([deed(1, mira, start + 14 * minute), deed(2, mira, start + 15 * minute)])).toEqual([2, 1])
  expect(ends([deed(1, mira, start), deed(2, mira, start, { cause: { restoredFrom: 1 } })])).toEqual([2, 1])
  expect(ends([deed(1, mira, start, { cause: { task: ben } }), deed(2, mira, start)])).toEqual([2, 1])
  expect(ends([deed(1, mira, start), deed(3, mira, start)], [1])).toEqual([3, 1])
  expect(ends([deed(1, mira, start), deed(3, mira, start)], [2])).toEqual([3, 1])
  expect(ends([deed(1, mira, start), deed(3, mira, start)], [3])).toEqual([3])
})

test('[LOG-51] the past falls into the same steps from wherever one begins to read', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 60 }), (seed, from) => {
      const random = randomFrom(seed)
      let at = start
      const deeds = Array.from({ length: 60 }, (_, i) => {
        at += Math.floor(random() * 3 * minute)
        return deed(i + 1, random() < 0.5 ? mira : ben, at)
      })
      const named = [Math.floor(random() * 60)]
      const all = gather(deeds, named)
      // Read in pages, each of which ends where no step is open.
      const paged: ReturnType<typeof gather> = []
      let left = deeds.toReversed()
      while (left.length > 0) {
        const page = createGathering(cutsAt(named))
        const end = left.findIndex((each) => {
          if (page.steps.length >= 2 && page.isClosedBefore(each)) return true
          page.add(each)
          return false
        })
        paged.push(...page.steps.map(({ author, first, seq, entries }) => ({ author, first, seq, entries })))
        left = end < 0 ? [] : left.slice(end)
      }
      expect(paged).toEqual(all)
      // Read from the middle: what is wholly behind it is the same.
      const part = gather(deeds.slice(0, from), named)
      expect(part.filter(({ first, seq }) => !all.some((s) => s.first === first && s.seq > seq))).toEqual(
        all.filter(({ seq }) => part.some((p) => p.seq === seq)),
      )
    }),
  )
})
