import { TandemError } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test, vi } from 'vitest'
import type { LinkState } from './connect.ts'
import { createState } from './state.ts'
import { askWhyTurnedAway } from './turned-away.ts'

test('[MIR-116] a page that is turned away asks who it is, now and then, and only while it has no connection', async () => {
  const clock = fakeClock()
  const link = createState<LinkState>({ phase: 'connecting', since: 0, heardAt: undefined })
  const get = vi.fn<() => Promise<string>>().mockRejectedValue(new TandemError('offline'))
  const discard = vi.fn<() => void>()
  const end = new AbortController()
  askWhyTurnedAway({ link, tokens: { get, discard }, clock, signal: end.signal })
  const pass = async (ms: number) => {
    clock.advance(ms)
    await Promise.resolve()
    await Promise.resolve()
  }
  await pass(60_000)
  expect(get).not.toHaveBeenCalled()
  link.patch({ phase: 'offline' })
  await pass(14_000)
  expect(get).not.toHaveBeenCalled()
  await pass(1_000)
  expect([get.mock.calls.length, discard.mock.calls.length]).toEqual([1, 1])
  await pass(15_000)
  expect(get).toHaveBeenCalledTimes(2)
  // A connection that was there in between starts the wait anew.
  link.patch({ phase: 'connected' })
  await pass(60_000)
  expect(get).toHaveBeenCalledTimes(2)
  link.patch({ phase: 'offline' })
  end.abort()
  await pass(60_000)
  expect(get).toHaveBeenCalledTimes(2)
})
