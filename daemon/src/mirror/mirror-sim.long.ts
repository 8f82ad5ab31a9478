import type { LongSuite } from '@tandem/shared/testing'
import { historyOf, shrunk, simulate } from './mirror.sim.ts'
import { lightFuse } from './testing/fuse.ts'

const minutes = 5

/** The simulation of the fast tests, over as many histories as the time allows: short ones and long ones. */
const suite: LongSuite = {
  name: 'mirror-sim',
  covers: [
    'daemon/src/{disk,watch,mirror}/**/*.ts',
    'shared/src/merge/*.ts',
    'shared/src/docs/{file,files,versions,replay}.ts',
  ],
  run: async ({ seed, log, signal }) => {
    const undo = await lightFuse()
    const counts = { histories: 0, steps: 0, crashes: 0, lines: 0, lost: 0, doubled: 0 }
    try {
      for (const end = Date.now() + minutes * 60_000; Date.now() < end && !signal.aborted;) {
        const history = historyOf(seed + counts.histories, counts.histories % 4 === 3 ? 120 : 30)
        const { wrong, steps, crashes, tokens } = await simulate(history)
        if (wrong.length > 0) {
          log.error('history broken', { seed: history.seed, wrong, shrunk: await shrunk(history) })
          throw new Error(`seed ${history.seed}: ${wrong.join('; ')}`)
        }
        counts.histories++
        counts.steps += steps
        counts.crashes += crashes
        counts.lines += tokens
        if (counts.histories % 250 === 0) log.info('simulated', counts)
      }
    } finally {
      undo()
    }
    return counts
  },
}
export default suite
