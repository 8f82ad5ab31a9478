import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** What vitest's JSON reporter writes, as far as we count it. */
const Report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
})

/**
 * The counts of one vitest run. A run that failed without a failed test (a file that could not be loaded, an error
 * outside any test, no report at all) counts as one failure: it must never look green.
 */
export function countTests(reportFile: string, runWasOk: boolean) {
  const report = readReport(reportFile)
  const failed = report?.numFailedTests ?? 0
  return {
    passed: report?.numPassedTests ?? 0,
    failed: failed === 0 && !(runWasOk && report) ? 1 : failed,
    skipped: (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0),
  }
}

function readReport(path: string) {
  try {
    return Report.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined // never written or cut short: the caller counts that as a failure
  }
}
