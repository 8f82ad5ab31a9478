import { expect, test } from 'vitest'
import { dayName, exactTime, laterTime, shortTime } from './exact-time.ts'

const at = (text: string) => new Date(text).getTime()
const now = at('2026-11-21T15:00:00')

test('[UI-60] a day is named as people name it, a moment by day and clock', () => {
  expect(dayName(now, now)).toBe('Today')
  expect(dayName(at('2026-11-20T23:59:00'), now)).toBe('Yesterday')
  expect(dayName(at('2026-11-18T10:00:00'), now)).toBe('Wednesday 18 November')
  expect(dayName(at('2025-11-18T10:00:00'), now)).toBe('18 November 2025')
  expect(exactTime(at('2026-11-21T14:03:00'), now)).toBe('today at 14:03')
  expect(exactTime(at('2026-11-18T09:30:00'), now)).toBe('Wednesday 18 November at 09:30')
  expect(shortTime(at('2026-11-21T14:03:22'), now)).toBe('14:03:22')
  expect(shortTime(at('2026-11-18T09:30:05'), now)).toBe('18 Nov 09:30:05')
})

test('[UI-60] a server whose clock is a little ahead does not make a day of its own', () => {
  expect(dayName(now + 3_600_000 * 10, now)).toBe('Today')
})

test('[UI-231] what is to come is told by its day', () => {
  expect(laterTime(at('2026-11-28T14:03:00'), now)).toBe('Saturday 28 November at 14:03')
  expect(laterTime(at('2026-11-21T18:03:00'), now)).toBe('today at 18:03')
})
