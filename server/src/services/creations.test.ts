import { createId } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { createCreations } from './creations.ts'

const limits = { tasksPerMinuteOfKey: 2, tasksPerMinute: 3, tasksPerMinuteOfAll: 5 }

test('[S143] [TSK-52] one person or program creates so many tasks a minute, all together so many more', () => {
  const clock = fakeClock(0)
  const creations = createCreations(limits, clock)
  const [mira, ben] = [createId(), createId()]
  const ask = (by: string) => creations.whyNot(by)
  expect([ask(mira), ask(mira), ask(mira)]).toEqual([undefined, undefined, undefined])
  expect(ask(mira)).toBe('more than 3 tasks were created by one within a minute')
  expect(creations.waitMs(mira)).toBe(20_000)
  expect(creations.waitMs(ben)).toBe(0)
  expect([ask(ben), ask(ben)]).toEqual([undefined, undefined])
  expect(ask(ben)).toBe('more than 5 tasks were created here within a minute')
  expect(creations.waitMs(ben)).toBe(12_000)
  clock.advance(12_000)
  expect(ask(ben)).toBeUndefined()
})

test('[S143] [TSK-52] a key has a bound of its own, that uses up nothing of another’s', () => {
  const creations = createCreations(limits, fakeClock(0))
  const [mira, key, other] = [createId(), createId(), createId()]
  creations.count(key)
  creations.count(key)
  expect(creations.waitMs(mira, key)).toBe(30_000)
  expect(creations.waitMs(mira, other)).toBe(0)
})
