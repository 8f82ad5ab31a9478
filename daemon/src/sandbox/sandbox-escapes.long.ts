import type { LongSuite } from '@tandem/shared/testing'
import { fuzzEscapes } from './escape-fuzz.ts'

const minutes = Number(process.env.TANDEM_LONG_MINUTES ?? 5)
const isRoot = process.getuid?.() === 0

/** Scripts of attacks drawn at random, two at a time, in folders of root's and of somebody else's. */
const suite: LongSuite = {
  name: 'sandbox-escapes',
  covers: ['daemon/src/sandbox/**/*.ts', 'daemon/src/disk/{inside,own-folder,stat}.ts'],
  run: async ({ seed, log, signal }) => {
    const counts = { rounds: 0, commands: 0, steps: 0, setAside: 0, escapes: 0 }
    for (const end = Date.now() + minutes * 60_000; Date.now() < end && !signal.aborted;) {
      const owner = isRoot && (counts.rounds / 25) % 2 === 1 ? 12_345 : undefined
      await fuzzEscapes({ seed: seed + counts.rounds, rounds: 25, owner, signal, counts })
      log.info('fuzzed', counts)
    }
    return counts
  },
}
export default suite
