import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { killNine } from './kill-nine.suite.ts'

/** A generator that a seed makes repeatable (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** [LOG-1] forty kills under load. */
export default {
  name: 'kill-nine',
  covers: ['server/src/store/*.ts', 'server/src/sync/*.ts', 'server/src/server.ts', 'server/src/main.ts'],
  run: async ({ seed, signal }: { seed: number; signal: AbortSignal }): Promise<Record<string, number>> => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'tandem-kill-'))
    try {
      const rounds = 40
      const { acknowledged, lost } = await killNine({ dataDir, rounds, random: randomFrom(seed), signal })
      if (lost > 0) throw new Error(`${lost} of ${acknowledged} acknowledged changes were lost (seed ${seed})`)
      return { rounds, acknowledged, lost }
    } finally {
      await rm(dataDir, { recursive: true, force: true })
    }
  },
}
