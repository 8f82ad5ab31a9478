import type { LongSuite } from '@tandem/shared/testing'
import { simulate } from './referee.sim.ts'

const runs = 500
const steps = 1_500

/** The simulation of the fast tests, over many seeds. */
const suite: LongSuite = {
  name: 'referee-faults',
  covers: ['server/src/referee/*.ts', 'shared/src/protocol/{task,messages}.ts'],
  run: async ({ seed, log, signal }) => {
    let ended = 0
    for (let i = 0; i < runs && !signal.aborted; i++) {
      const result = await simulate(seed + i, steps)
      if (result.violations.length > 0) throw new Error(`seed ${seed + i}: ${result.violations.join('; ')}`)
      ended += result.ended
      if (i % 50 === 49) log.info('simulated', { runs: i + 1, tasks: ended })
    }
    return { runs, steps, tasks: ended, violations: 0 }
  },
}
export default suite
