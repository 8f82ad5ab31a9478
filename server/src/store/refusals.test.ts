import { silentLog } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { createRefusals } from './refusals.ts'

test('[ACC-34] a flood of refusals is twenty entries a minute and one with the number of the rest', () => {
  const clock = fakeClock(1_000)
  const stop = new AbortController()
  const entries: { actor: string; object: string; details?: unknown }[] = []
  const refusals = createRefusals({
    audit: { add: (e) => entries.push(e) },
    clock,
    log: silentLog,
    signal: stop.signal,
  })
  for (let i = 0; i < 5_000; i++) refusals.add('http', { actor: '', object: `/${i}`, details: {} })
  expect(entries).toHaveLength(20)
  // Others are not silenced by it.
  refusals.add('http', { actor: 'anna', object: '/x', details: {} })
  refusals.add('socket', { actor: '', object: '', details: {} })
  expect(entries).toHaveLength(22)
  clock.advance(60_000)
  expect(entries.slice(22)).toEqual([{ actor: '', action: 'http.refused', object: '', details: { times: 4_980 } }])
  refusals.add('http', { actor: '', object: '/later', details: {} })
  expect(entries.at(-1)).toMatchObject({ object: '/later' })
  for (let i = 0; i < 30; i++) refusals.add('http', { actor: '', object: '/x', details: {} })
  stop.abort()
  expect(entries.at(-1)).toMatchObject({ details: { times: 11 } })
})
