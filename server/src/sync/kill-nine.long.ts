import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { randomFrom, type LongSuite } from '@tandem/shared/testing'
import { killNine } from './kill-nine.suite.ts'

/** [LOG-1] forty kills under load. */
const suite: LongSuite = {
  name: 'kill-nine',
  covers: ['server/src/store/*.ts', 'server/src/sync/*.ts', 'server/src/server.ts', 'server/src/main.ts'],
  run: async ({ seed, signal }) => {
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
export default suite
