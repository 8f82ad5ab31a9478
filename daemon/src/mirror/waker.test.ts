import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { createWaker } from './waker.ts'

test('[MIR-38] several who wait at once are all woken, and a poke that came before is not lost', async () => {
  const { poke, next } = createWaker(fakeClock(), new AbortController().signal)
  const woken: string[] = []
  const waiting = ['one', 'other'].map((who) => next().then(() => woken.push(who)))
  poke()
  await Promise.all(waiting)
  expect(woken).toEqual(['one', 'other'])
  poke()
  await next()
})
