import type { LongSuite } from '@tandem/shared/testing'
import { cleanUp } from './harness/tandem.ts'
import { noFaults, taskFaults } from './task-faults.ts'

const minutes = Number(process.env.TANDEM_LONG_MINUTES ?? 10)

/** Real servers and daemons that are killed, stopped and cut off while they run tasks, a minute at a time. */
const suite: LongSuite = {
  name: 'task-faults',
  covers: [
    'server/src/referee/*.ts',
    'server/src/services/run-referee.ts',
    'daemon/src/{tasks,link,sandbox}/**/*.ts',
    'daemon/src/*.ts',
    'shared/src/protocol/{task,messages,queue}.ts',
    'e2e/src/task-{faults,outputs}.ts',
  ],
  run: async ({ seed, log, signal }) => {
    const counts = { rounds: 0, ...noFaults() }
    for (const end = Date.now() + minutes * 60_000; Date.now() < end && !signal.aborted;) {
      try {
        await taskFaults({ seed: seed + counts.rounds, ms: 60_000, restMs: 180_000 }, counts, signal)
      } finally {
        await cleanUp()
      }
      counts.rounds++
      log.info('round done', counts)
    }
    return counts
  },
}
export default suite
