import { expect, test } from 'vitest'
import { fakeClock } from '../testing/fake-clock.ts'
import { withTimeout } from './with-timeout.ts'

test('[S169] [S166] what takes too long is refused in words, and what comes in time is passed on', async () => {
  const clock = fakeClock()
  const never = withTimeout(new Promise(() => {}), 1_500, { what: 'the snippet', clock })
  clock.advance(1_500)
  await expect(never).rejects.toMatchObject({ code: 'timeout', message: 'the snippet took longer than 1.5 s' })
  expect(await withTimeout(Promise.resolve(7), 1, { clock })).toBe(7)
  await expect(withTimeout(Promise.reject(new Error('own')), 1, { clock })).rejects.toThrow('own')
})
