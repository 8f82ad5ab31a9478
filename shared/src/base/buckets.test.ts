import { expect, test } from 'vitest'
import { fakeClock } from '../testing/fake-clock.ts'
import { createBuckets } from './buckets.ts'

test('[S314] so many at once, then so many a minute, each key for itself', () => {
  const clock = fakeClock(1_000)
  const buckets = createBuckets({ perMinute: 60, burst: 2, clock })
  expect([buckets.take('a'), buckets.take('a'), buckets.take('a')]).toEqual([0, 0, 1_000])
  expect(buckets.look('b')).toBe(0)
  expect([buckets.left('a'), buckets.left('b')]).toEqual([0, 2])
  clock.advance(400)
  expect(buckets.look('a')).toBe(600)
  // Asking too early costs nothing.
  expect(buckets.take('a')).toBe(600)
  clock.advance(600)
  expect([buckets.take('a'), buckets.take('a')]).toEqual([0, 1_000])
  clock.advance(3_600_000)
  expect([buckets.take('a'), buckets.take('a'), buckets.take('a')]).toEqual([0, 0, 1_000])
})

test('[S314] the table of keys is bounded as well', () => {
  const buckets = createBuckets({ perMinute: 1, clock: fakeClock(), maxKeys: 2 })
  for (const key of ['a', 'b', 'c']) buckets.take(key)
  expect([buckets.look('a'), buckets.look('b'), buckets.look('c')]).toEqual([0, 60_000, 60_000])
})
