import { expect, test } from 'vitest'
import { duration, relativeTime } from './relative-time.ts'

test('[S96] relative times count whole units', () => {
  expect(relativeTime(1000, 3000)).toBe('just now')
  expect(relativeTime(0, 59_000)).toBe('59 seconds ago')
  expect(relativeTime(0, 60_000)).toBe('1 minute ago')
  expect(relativeTime(0, 3 * 86_400_000)).toBe('3 days ago')
  expect(relativeTime(9000, 0)).toBe('just now')
})

test('[S130] durations', () => {
  expect([340, 9_960, 65_000, 3_900_000].map(duration)).toEqual(['0.3 s', '10.0 s', '1 min 5 s', '1 h 5 min'])
})
