import type { MirrorState } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import { countLine, hiddenLine } from './counts.ts'

const mirror: MirrorState = { phase: 'live', files: 0, hidden: [], conflicts: [], alerts: [] }

test('[UI-30] the count says what is still arriving', () => {
  expect(countLine(1, undefined)).toBe('1 file')
  expect(countLine(2314, { ...mirror, phase: 'seeding', done: 2314, total: 2494 })).toBe(
    '2,314 files · 180 still arriving',
  )
  expect(countLine(2494, mirror)).toBe('2,494 files')
})

test('[UI-31] what is hidden is counted with its reasons, the commonest first', () => {
  expect(hiddenLine([])).toBeUndefined()
  expect(
    hiddenLine([
      { reason: '.env', count: 1 },
      { reason: '.gitignore', count: 11 },
    ]),
  ).toBe('12 hidden: .gitignore, .env')
})
