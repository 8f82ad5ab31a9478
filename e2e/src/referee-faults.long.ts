import type { LongSuite } from '@tandem/shared/testing'
import { historyOf, shrunk } from './simulation/history.ts'
import { retold } from './simulation/retold.ts'
import { simulate } from './simulation/simulate.ts'

const tasks = 30_000

/** The simulation of the fast tests, over as many seeds as make 30,000 tasks: short histories and long ones. */
const suite: LongSuite = {
  name: 'referee-faults',
  covers: [
    'server/src/referee/*.ts',
    'daemon/src/tasks/{run-tasks,attempt,claims,judge,outbox,queue,watched}.ts',
    'daemon/src/link/hello.ts',
    'shared/src/protocol/{task,messages,queue}.ts',
    'e2e/src/simulation/*.ts',
  ],
  run: async ({ seed, log, signal }) => {
    const counts = { histories: 0, tasks: 0, attempts: 0, violations: 0 }
    const ended: Record<string, number> = {}
    while (counts.tasks < tasks && !signal.aborted) {
      const history = historyOf(seed + counts.histories, counts.histories % 5 === 4 ? 180 : 60)
      const done = await simulate(history)
      if (done.wrong.length > 0) {
        const isWrong = async (tried: typeof history) => (await simulate(tried)).wrong.length > 0
        const small = await shrunk(history, isWrong)
        throw new Error(
          `seed ${history.seed}, ${history.acts.length} acts: ${done.wrong.join('; ')}\n` +
            `As small as it gets, for simulate(): ${JSON.stringify(small)}\n${await retold(small)}`,
        )
      }
      counts.histories++
      counts.tasks += done.tasks
      counts.attempts += done.attempts
      for (const [state, count] of Object.entries(done.ended)) ended[state] = (ended[state] ?? 0) + count
      if (counts.histories % 100 === 0) log.info('simulated', counts)
    }
    return { ...counts, ...ended }
  },
}
export default suite
