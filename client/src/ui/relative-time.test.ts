import { expect, test } from 'vitest'
import { duration, limitWords, relativeTime } from './relative-time.ts'

test('[S96] relative times count whole units', () => {
  expect(relativeTime(1000, 3000)).toBe('just now')
  expect(relativeTime(0, 59_000)).toBe('59 seconds ago')
  expect(relativeTime(0, 60_000)).toBe('1 minute ago')
  expect(relativeTime(0, 3 * 86_400_000)).toBe('3 days ago')
  expect(relativeTime(9000, 0)).toBe('just now')
})

test('[S130] durations', () => {
  expect([340, 9_960, 65_000, 3_900_000].map(duration)).toEqual(['0.3 s', '10.0 s', '1 min 5 s', '1 h 5 min'])
  expect([60_000, 3_600_000, 7_259_000].map(duration)).toEqual(['1 min', '1 h', '2 h'])
})

test('[UI-239] a limit is said whole', () => {
  expect([3_600_000, 90_000, 86_400_000, 2_500, 61_000, 100].map(limitWords)).toEqual([
    '1 hour',
    '1 minute 30 seconds',
    '1 day',
    '2.5 seconds',
    '1 minute 1 second',
    '0.1 seconds',
  ])
})
