import { errorTable } from '@tandem/shared'
import { expect, test } from 'vitest'
import { closeCodes } from './close-codes.ts'
import { close } from './socket.ts'

test('[S89] every code with which a socket may end stands in the table of the docs page, once', () => {
  const ofErrors = Object.values(errorTable).flatMap((each) => ('close' in each ? [each.close] : []))
  const used = new Set<number>([...Object.values(close), ...ofErrors, 1002])
  const told = closeCodes.map(({ code }) => code)
  expect(new Set(told)).toEqual(used)
  expect(told.length).toBe(new Set(told).size)
})
