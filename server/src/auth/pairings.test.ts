import { createId } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { createPairings, pairingLifeMs, pollEveryMs } from './pairings.ts'

const by = createId()
const from = { name: 'laptop', address: '10.0.0.1' }

test('[ACC-45] a code that a person confirmed is worth one key, to one who asks', () => {
  const clock = fakeClock()
  const pairings = createPairings(clock)
  const { deviceCode, userCode } = pairings.begin(from)
  expect(userCode).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
  expect(pairings.poll(deviceCode)).toEqual({ state: 'pending' })
  // As people type it.
  expect(pairings.look(` ${userCode.replace('-', '').toLowerCase()}`)).toMatchObject(from)
  expect(pairings.answer(userCode, by, true)).toMatchObject(from)
  expect(pairings.answer(userCode, createId(), false)).toBeUndefined()
  clock.advance(pollEveryMs)
  expect(pairings.poll(deviceCode)).toEqual({ state: 'approved', by, name: 'laptop' })
  for (let i = 0; i < 3; i += 1) {
    clock.advance(pollEveryMs)
    expect(pairings.poll(deviceCode)).toEqual({ state: 'expired' })
  }
})

test('[ACC-45] who was refused hears it, and a code that nobody confirmed in time works no more', () => {
  const clock = fakeClock()
  const pairings = createPairings(clock)
  const refused = pairings.begin(from)
  pairings.answer(refused.userCode, by, false)
  expect(pairings.poll(refused.deviceCode)).toEqual({ state: 'denied' })
  expect(pairings.look(refused.userCode)).toBeUndefined()
  const late = pairings.begin(from)
  clock.advance(pairingLifeMs)
  expect(pairings.answer(late.userCode, by, true)).toBeUndefined()
  expect(pairings.poll(late.deviceCode)).toEqual({ state: 'expired' })
  expect(pairings.poll('tdp_made-up')).toEqual({ state: 'expired' })
})

test('[ACC-45] who asks too often is told when to ask again', () => {
  const clock = fakeClock()
  const pairings = createPairings(clock)
  const { deviceCode } = pairings.begin(from)
  pairings.poll(deviceCode)
  clock.advance(pollEveryMs - 500)
  expect(() => pairings.poll(deviceCode)).toThrow(
    expect.objectContaining({ code: 'rate-limited', details: expect.objectContaining({ retryAfterMs: 500 }) }),
  )
  clock.advance(500)
  expect(pairings.poll(deviceCode)).toEqual({ state: 'pending' })
})

test('[ACC-45] codes that wait are bounded, for each address and in all', () => {
  const clock = fakeClock()
  const pairings = createPairings(clock)
  for (let i = 0; i < 20; i += 1) pairings.begin(from)
  expect(() => pairings.begin(from)).toThrow(expect.objectContaining({ code: 'rate-limited' }))
  for (let i = 0; i < 980; i += 1) pairings.begin({ ...from, address: `10.1.${i >> 4}.${i & 15}` })
  expect(() => pairings.begin({ ...from, address: '10.9.9.9' })).toThrow('too many machines')
  clock.advance(pairingLifeMs)
  expect(pairings.begin(from).userCode).toHaveLength(9)
})
