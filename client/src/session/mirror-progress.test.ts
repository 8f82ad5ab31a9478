import { MirrorState } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import { progressOf } from './mirror-progress.ts'

const of = (state: object, name?: string) => progressOf(MirrorState.parse({ phase: 'live', ...state }), name)

test('[UI-134] how far a mirror is, in words: files, megabytes, and the machine where there are several', () => {
  expect(of({ phase: 'seeding', done: 3200, total: 10_000 })).toEqual({
    label: 'Sharing 3,200 of 10,000 files',
    done: 3200,
    total: 10_000,
  })
  expect(of({ phase: 'exporting', done: 1, total: 2 }, 'desk')?.label).toBe(
    'Writing 1 of 2 files to the folder on desk',
  )
  expect(of({ phase: 'importing', done: 0, total: 1 }, 'desk')?.label).toBe('Taking in 0 of 1 file on desk')
  expect(of({ phase: 'scanning' })).toEqual({ label: 'Reading the folder…' })
  expect(of({ bytes: { done: 2_340_000, total: 80_000_000 } })).toEqual({
    label: 'Large files: 2.3 of 80 MB',
    done: 2_340_000,
    total: 80_000_000,
  })
})

test('[UI-134] once every file was begun, the bar follows what is left of the large ones', () => {
  expect(of({ phase: 'seeding', done: 9, total: 9, bytes: { done: 5, total: 10 } })).toMatchObject({
    done: 5,
    total: 10,
  })
  expect(of({ phase: 'seeding', done: 9, total: 9 })).toMatchObject({ done: 9, total: 9 })
})

test('[UI-134] a mirror that keeps up, or stopped, has no progress', () => {
  expect(of({})).toBeUndefined()
  expect(of({ phase: 'halted', done: 1, total: 2 })).toBeUndefined()
  expect(progressOf(undefined)).toBeUndefined()
})
