import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { countTests } from './test-counts.ts'

const folder = mkdtempSync(join(tmpdir(), 'tandem-counts-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function report(counts: object) {
  const file = join(folder, 'report.json')
  writeFileSync(
    file,
    JSON.stringify({ numPassedTests: 3, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, ...counts }),
  )
  return file
}

test('counts are those of the report', () => {
  expect(countTests(report({ numPendingTests: 1, numTodoTests: 1 }), true)).toEqual({
    passed: 3,
    failed: 0,
    skipped: 2,
  })
  expect(countTests(report({ numFailedTests: 2 }), false)).toEqual({ passed: 3, failed: 2, skipped: 0 })
})

test('a run that failed outside any test is a failure', () => {
  expect(countTests(report({}), false).failed).toBe(1)
})

test('a run without a report is a failure, even if it ended well', () => {
  expect(countTests(join(folder, 'none.json'), true)).toEqual({ passed: 0, failed: 1, skipped: 0 })
})
