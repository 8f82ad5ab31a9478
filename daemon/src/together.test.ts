import { expect, test } from 'vitest'
import { createTogether } from './together.ts'

test('[TSK-1] a session whose mirror fails ends only once its processes have ended too', async () => {
  const told: string[] = []
  const process = Promise.withResolvers<void>()
  const together = createTogether(() => told.push('told to stop'))
  together.add(process.promise.then(() => told.push('process gone')))
  together.add(Promise.reject(new Error('mirror')))
  await expect(together.all()).rejects.toThrow('mirror')
  const stopped = together.stop().then(() => told.push('session over'))
  process.resolve()
  await stopped
  expect(told).toEqual(['told to stop', 'process gone', 'session over'])
})

test('what fails before anybody waits is no unhandled rejection, and is told to who asks later', async () => {
  const together = createTogether(() => {})
  together.add(Promise.reject(new Error('early')))
  await new Promise(setImmediate)
  await expect(together.all()).rejects.toThrow('early')
  await together.stop()
})
