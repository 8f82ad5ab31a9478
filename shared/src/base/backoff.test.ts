import { expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'

test('[S15] the first retry is at once, then delays double up to the ceiling, with jitter below', () => {
  expect(backoffMs(0)).toBe(0)
  expect([1, 2, 3, 4, 5, 6, 7].map((n) => backoffMs(n, {}, () => 0.999_999))).toEqual([
    1000, 2000, 4000, 8000, 16_000, 30_000, 30_000,
  ])
  expect(backoffMs(3, {}, () => 0)).toBe(2000)
})

test('[S16] after ten fast attempts it tries once a minute for ever', () => {
  expect(backoffMs(11)).toBe(60_000)
  expect(backoffMs(5000)).toBe(60_000)
})
