import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { createMessageRate } from './message-rate.ts'

test('[ACC-86] [S314] a burst passes, a flood is told of its bound once, and ends its socket when it goes on', () => {
  const clock = fakeClock(1_000)
  const hear = createMessageRate(10, clock)
  const many = (count: number) => new Set(Array.from({ length: count }, hear))
  expect(many(50)).toEqual(new Set(['fine']))
  expect(hear()).toBe('tell')
  // It goes on at twice the rate.
  for (let second = 0; second < 5; second++) {
    clock.advance(1_000)
    expect(many(20)).toEqual(new Set(['fine']))
  }
  clock.advance(1_000)
  expect(many(20)).toContain('close')
})

test('[ACC-86] who slows down after being told stays', () => {
  const clock = fakeClock(1_000)
  const hear = createMessageRate(10, clock)
  for (let i = 0; i < 51; i++) hear()
  clock.advance(3_000)
  expect(hear()).toBe('fine')
  clock.advance(60_000)
  expect(Array.from({ length: 50 }, hear)).not.toContain('close')
  expect(hear()).toBe('tell')
})
