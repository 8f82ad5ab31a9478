import { createId, type HistoryPage, type Step } from '@tandem/shared'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keyOf, withNewest, withOlder, type Loaded } from './merge-page.ts'

const author = { id: createId(), name: 'Mira', kind: 'person' } as const
const step = (before: number, seq: number): Step => ({
  seq,
  before,
  from: seq,
  to: seq,
  author,
  entries: 1,
  files: [],
  more: 0,
})

/** A server over these steps, the oldest first, that gives `size` a page. */
function pageOf(all: readonly Step[], size: number, cursor?: string): HistoryPage {
  const newest = all.toReversed().filter((s) => cursor === undefined || s.seq < Number(cursor))
  const steps = newest.slice(0, size)
  return {
    version: all.at(-1)?.seq ?? 0,
    steps: [...steps],
    ...(newest.length > size && { cursor: String(steps.at(-1)?.seq) }),
  }
}

test('[UI-61] however steps arrive, grow and are paged, the list is the server’s newest ones without a gap', () => {
  const moves = fc.array(fc.oneof(fc.constant('older'), fc.constant('grow'), fc.nat({ max: 7 })), { maxLength: 30 })
  fc.assert(
    fc.property(moves, fc.integer({ min: 1, max: 4 }), (moves, size) => {
      let all: Step[] = [step(0, 1), step(1, 2), step(2, 3), step(3, 4), step(4, 5)]
      let have: Loaded = withNewest({ steps: [], cursor: undefined }, pageOf(all, size))
      for (const move of moves) {
        const last = all.at(-1) as Step
        if (move === 'older') {
          if (have.cursor !== undefined) have = withOlder(have, pageOf(all, size, have.cursor))
        } else {
          if (move === 'grow') all = [...all.slice(0, -1), { ...last, seq: last.seq + 1 }]
          else
            for (let i = 0; i < move; i++) all = [...all, step((all.at(-1) as Step).seq, (all.at(-1) as Step).seq + 1)]
          have = withNewest(have, pageOf(all, size))
        }
        expect(have.steps).toEqual(all.toReversed().slice(0, have.steps.length))
        expect(have.cursor === undefined).toBe(have.steps.length === all.length)
      }
    }),
  )
})

test('[UI-61] a step that grew is there once', () => {
  const have = withNewest({ steps: [], cursor: undefined }, pageOf([step(0, 3), step(3, 5)], 9))
  expect(withNewest(have, pageOf([step(0, 3), step(3, 8)], 9)).steps.map(keyOf)).toEqual([3, 0])
})
