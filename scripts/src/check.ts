// `pnpm check`: everything that takes seconds. Two at a time, since that is how many cores a small machine has.
import { abortOnSignals, report, runStage, type Stage } from './stage.ts'
import { deadCode, format, lint, types } from './stages.ts'

const unit: Stage = { name: 'unit tests', command: 'vitest', args: ['run', '--project', 'unit', '--reporter=agent'] }

const signal = abortOnSignals()
const startedAt = performance.now()
const waiting = [types, unit, lint, deadCode, format]
let failed = 0

async function workOff() {
  for (let stage = waiting.shift(); stage && !signal.aborted; stage = waiting.shift()) {
    const result = await runStage(stage, signal)
    if (!result.ok) failed++
    report(result)
  }
}

await Promise.all([workOff(), workOff()])
process.stdout.write(
  `${failed ? `${failed} failed` : 'all well'}, ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`,
)
process.exitCode ||= failed ? 1 : 0
