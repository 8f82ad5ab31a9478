import { EventEmitter } from 'node:events'
import type { FSWatcher } from 'node:fs'
import { expect, test } from 'vitest'
import type { Trouble } from '../backend.ts'
import { watchDirectories } from './directories.ts'

/** A system with this many watches to give. */
function system(given: number) {
  const limit = { watches: given }
  let [held, asked] = [0, 0]
  const watch = () => {
    asked++
    if (held >= limit.watches) throw Object.assign(new Error('no more'), { code: 'ENOSPC' })
    held++
    return Object.assign(new EventEmitter(), { close: () => void held-- }) as unknown as FSWatcher
  }
  const told: (Trouble | undefined)[] = []
  const backend = watchDirectories({ root: '/r', onHint: () => {}, onTrouble: (each) => told.push(each) }, watch)
  return { limit, told, backend, asked: () => asked }
}

test('[MIR-42] where the system has no more watches that is told, and it is asked again later, once each time', () => {
  const { limit, told, backend, asked } = system(3)
  expect(backend.add(['', 'a', 'b', 'c', 'd'])).toEqual(['', 'a', 'b'])
  expect(told).toEqual([{ kind: 'limit', reason: '3 directories are watched, 2 are not' }])
  const before = asked()
  backend.add([])
  expect(asked() - before).toBe(1)
  limit.watches = 10
  expect(backend.add([])).toEqual(['c', 'd'])
  expect(told.at(-1)).toBe(undefined)
})
