import { createId, TandemError, type HistoryPage } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { createState } from '../session/state.ts'
import { createTimeline } from './timeline.ts'

const author = { id: createId(), name: 'Mira', kind: 'person' } as const
const pageAt = (seq: number): HistoryPage => ({
  version: seq,
  steps: [{ seq, before: 0, from: 0, to: 0, author, entries: 1, files: [], more: 0 }],
})
const settled = async () => {
  for (let i = 0; i < 5; i++) await Promise.resolve()
}

/** A timeline over a server at `news.seq`, with the times at which it was asked. */
function setUp() {
  const clock = fakeClock()
  const news = createState({ seq: 1 })
  const askedAt: number[] = []
  const ending = new AbortController()
  let error: TandemError | undefined
  const ask = () => {
    askedAt.push(clock.now())
    return error ? Promise.reject(error) : Promise.resolve(pageAt(news.snapshot().seq))
  }
  const timeline = createTimeline({ ask, clock })
  return { clock, news, askedAt, ending, timeline, fail: (e: TandemError | undefined) => (error = e) }
}

test('[UI-61] a hundred versions in a moment are one request now and one once they are over', async () => {
  const { clock, news, askedAt, ending, timeline } = setUp()
  timeline.follow(news, ending.signal)
  for (let seq = 2; seq <= 100; seq++) news.set({ seq })
  await settled()
  clock.advance(2_000)
  await settled()
  expect(askedAt).toEqual([0, 2_000])
  expect(timeline.state.snapshot().steps.map((s) => s.seq)).toEqual([100])
  clock.advance(60_000)
  expect(askedAt).toHaveLength(2)
})

test('[UI-61] once it is no longer shown nothing is asked', async () => {
  const { clock, news, askedAt, ending, timeline } = setUp()
  timeline.follow(news, ending.signal)
  ending.abort()
  news.set({ seq: 2 })
  clock.advance(10_000)
  await settled()
  expect(askedAt).toEqual([0])
})

test('[UI-66] what was loaded stays when the server is gone, and what it refuses is said', async () => {
  const { timeline, ending, fail } = setUp()
  await timeline.refresh(ending.signal)
  fail(new TandemError('offline'))
  await timeline.refresh(ending.signal)
  expect(timeline.state.snapshot()).toMatchObject({ isLoaded: true, trouble: undefined })
  fail(new TandemError('forbidden', { reason: 'not yours to see' }))
  await timeline.refresh(ending.signal)
  expect(timeline.state.snapshot()).toMatchObject({ trouble: 'not yours to see', steps: [{ seq: 1 }] })
  fail(undefined)
  await timeline.refresh(ending.signal)
  expect(timeline.state.snapshot().trouble).toBeUndefined()
})
