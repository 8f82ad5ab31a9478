import { expect, test } from 'vitest'
import { inWords } from './in-words.ts'

test.each([
  [0, '1 second'],
  [1_000, '1 second'],
  [1_001, '2 seconds'],
  [60_000, '1 minute'],
  [90_000, '2 minutes'],
  [3_600_000, '1 hour'],
  [3 * 86_400_000, '3 days'],
])('[TSK-58] %i ms are said as %s', (ms, words) => {
  expect(inWords(ms)).toBe(words)
})
