import type { LongSuite } from '@tandem/shared/testing'
import { simulate } from './merge.sim.ts'

const histories = 10_000

/** The simulation of the fast tests, over 10,000 histories, short ones and long ones [AGT-88]. */
const suite: LongSuite = {
  name: 'agent-merge',
  covers: [
    'daemon/src/agent/tools/merge.sim.ts',
    'daemon/src/tree/edit-text.ts',
    'shared/src/merge/*.ts',
    'shared/src/docs/{char-ids,decide,hunks,id-index,swap-chars,undo-hunks}.ts',
  ],
  run: async ({ seed, log, signal }) => {
    const counts = { histories: 0, typed: 0, edits: 0, skipped: 0, rejected: 0, back: 0, lost: 0 }
    while (counts.histories < histories && !signal.aborted) {
      const steps = counts.histories % 4 === 3 ? 120 : 40
      const { wrong, ...some } = await simulate({ seed: seed + counts.histories, steps })
      if (wrong.length > 0) throw new Error(`${steps} steps: ${wrong.join('; ')}`)
      counts.histories++
      for (const key of Object.keys(some) as (keyof typeof some)[]) counts[key] += some[key]
      if (counts.histories % 500 === 0) log.info('simulated', counts)
    }
    return counts
  },
}
export default suite
