// `npm test`: every check and every test, one stage after the other; ends with `N passed, N failed, N skipped`.
// With arguments (`npm test -- path/to/file -t name`) only the tests run, and vitest gets them.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { proofStates } from './proofs.ts'
import { abortOnSignals, report, root, runStage } from './stage.ts'
import { deadCode, format, lint, types } from './stages.ts'
import { countTests } from './test-counts.ts'

const signal = abortOnSignals()
const filters = process.argv.slice(2)
const total = { passed: 0, failed: 0, skipped: 0 }
const folder = mkdtempSync(join(tmpdir(), 'tandem-test-'))

for (const stage of filters.length > 0 ? [] : [lint, format, types, deadCode]) {
  if (signal.aborted) break
  const result = await runStage(stage, signal)
  total[result.ok ? 'passed' : 'failed']++
  report(result)
}

for (const project of ['unit', 'flow', 'browser']) {
  if (signal.aborted) break
  const outputFile = join(folder, `${project}.json`)
  // Only a filter may leave a kind of test empty; a whole run without, say, flows is not a whole run.
  const args = ['run', '--project', project, '--reporter=default', '--reporter=json']
  if (filters.length > 0) args.push('--passWithNoTests')
  process.stdout.write(`\n--- ${project} tests\n`)
  const result = await runStage(
    {
      name: `${project} tests`,
      command: 'vitest',
      args: [...args, `--outputFile.json=${outputFile}`, ...filters],
      output: 'live',
    },
    signal,
  )
  const counts = countTests(outputFile, result.ok)
  for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += counts[key]
  report(result)
}

rmSync(folder, { recursive: true, force: true })
if (signal.aborted) {
  total.failed++ // a run that was stopped has not shown what it is for
  process.stdout.write('\nstopped before the end\n')
}

process.stdout.write('\n--- proofs (pnpm test:long renews them)\n')
const proofs = proofStates(root)
for (const { name, state } of proofs) process.stdout.write(`${name.padEnd(36)} ${state}\n`)
if (proofs.length === 0) process.stdout.write('none yet\n')

process.exitCode ||= total.failed > 0 || total.passed === 0 ? 1 : 0
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`)
