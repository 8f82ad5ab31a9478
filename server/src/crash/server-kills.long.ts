import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { messageOf } from '@tandem/shared'
import { randomFrom, type LongSuite } from '@tandem/shared/testing'
import { killServer, type Counts } from './server-kills.ts'

const leastKills = 200
/** Then a new workspace is begun: first starts are killed too, and no run grows without end. */
const killsPerWorkspace = 40

/** [LOG-81] [LOG-82] [LOG-83] for `TANDEM_LONG_MINUTES` (30), and at least two hundred kills. */
const suite: LongSuite = {
  name: 'server-kills',
  covers: [
    'server/src/*.ts',
    'server/src/{crash,history,http,store,sync}/**/*.ts',
    'shared/src/protocol/{acks,frames}.ts',
  ],
  run: async ({ seed, log, signal }) => {
    const minutes = Number(process.env['TANDEM_LONG_MINUTES'] ?? 30)
    const until = Date.now() + minutes * 60_000
    // A shorter look is a shorter look: the number of kills counts for the real one.
    const isDone = (kills: number) => Date.now() >= until && (kills >= leastKills || minutes < 30)
    let sum: Partial<Counts> = {}
    let workspaces = 0
    let toldAt = Date.now()
    for (; !isDone(sum.kills ?? 0) && !signal.aborted; workspaces++) {
      const dataDir = await mkdtemp(path.join(tmpdir(), 'tandem-kills-'))
      const before = sum
      const tell = (counts: Partial<Counts>) => {
        sum = add(before, counts)
        if (Date.now() - toldAt < 60_000) return
        toldAt = Date.now()
        log.info('holds so far', { seed: seed + workspaces, minutesLeft: Math.ceil((until - toldAt) / 60_000), ...sum })
      }
      try {
        await killServer({
          dataDir,
          kills: killsPerWorkspace,
          random: randomFrom(seed + workspaces),
          signal,
          tell,
          isEnough: () => isDone(sum.kills ?? 0),
        })
      } catch (e) {
        const where = `seed ${seed + workspaces}; what was left is in ${dataDir}`
        throw new Error(`${messageOf(e)}\n(${where})`, { cause: e })
      }
      await rm(dataDir, { recursive: true, force: true })
    }
    return { workspaces, lost: 0, ...sum }
  },
}
export default suite

function add(a: Partial<Counts>, b: Partial<Counts>): Partial<Counts> {
  const names = Object.keys(b) as (keyof Counts)[]
  return Object.fromEntries(names.map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)]))
}
