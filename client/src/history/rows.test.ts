import { createId, type Checkpoint, type Step } from '@tandem/shared'
import { expect, test } from 'vitest'
import { rowsOf } from './rows.ts'

const now = new Date('2026-11-21T15:00:00').getTime()
const author = { id: createId(), name: 'Mira', kind: 'person' } as const
const step = (before: number, seq: number, hoursAgo: number): Step => ({
  seq,
  before,
  from: now - hoursAgo * 3_600_000,
  to: now - hoursAgo * 3_600_000,
  author,
  entries: 1,
  files: [],
  more: 0,
})
const checkpoint = (name: string, seq: number, hoursAgo: number): Checkpoint => ({
  id: createId(),
  name,
  seq,
  at: now - hoursAgo * 3_600_000,
  by: author.id,
  byName: 'Mira',
  kind: 'manual',
})
const words = (rows: ReturnType<typeof rowsOf>) =>
  rows.map((r) => (r.kind === 'day' ? r.name : r.kind === 'step' ? r.step.seq : r.checkpoint.name))

test('[UI-60] [UI-62] days above their steps, checkpoints between the step they follow and the next', () => {
  const steps = [step(8, 10, 1), step(5, 8, 2), step(0, 5, 30)]
  const checkpoints = [checkpoint('first', 5, 29), checkpoint('now', 10, 0), checkpoint('release', 8, 1.5)]
  expect(words(rowsOf({ steps, checkpoints, isWhole: true, now }))).toEqual([
    'Today',
    'now',
    10,
    'release',
    8,
    'Yesterday',
    'first',
    5,
  ])
})

test('[UI-62] a checkpoint older than what is loaded waits for its steps', () => {
  const checkpoints = [checkpoint('old', 3, 40), checkpoint('start', 0, 50)]
  expect(words(rowsOf({ steps: [step(5, 8, 2)], checkpoints, isWhole: false, now }))).toEqual(['Today', 8])
  expect(words(rowsOf({ steps: [step(5, 8, 2)], checkpoints, isWhole: true, now }))).toEqual([
    'Today',
    8,
    'Thursday 19 November',
    'old',
    'start',
  ])
  expect(words(rowsOf({ steps: [], checkpoints, isWhole: false, now }))).toEqual([])
})
