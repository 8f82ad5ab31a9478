import path from 'node:path'
import { createId, systemClock, wait } from '@tandem/shared'
import { createApiKey } from '../auth/api-keys.ts'
import { createApi } from './api.ts'
import { startChild, type Child } from './child.ts'
import { inspect } from './inspect.ts'
import { tearTail } from './tear.ts'
import { openWorkload, type Workload } from './workload.ts'

type Options = {
  dataDir: string
  kills: number
  random: () => number
  signal?: AbortSignal
  /** Told after each round. */
  tell?: (counts: Counts) => void
  /** Ends earlier. */
  isEnough?: () => boolean
}

/** What one run did, and what it compared. */
export type Counts = ReturnType<Workload['done']> & ReturnType<typeof noKills>
const noKills = () => ({ kills: 0, killsWhileStarting: 0, tornTails: 0, cursorsChecked: 0, inspections: 0 })

/** Small bounds, so that snapshots, unloading and thinning happen all the time. */
const settings = {
  SNAPSHOT_TAIL_BYTES: 1_500,
  DOC_IDLE_MS: 300,
  PING_MS: 200,
  THIN_AFTER_DAYS: 1,
  REQUESTS_PER_MINUTE: 1_000_000,
}

/**
 * Kills (-9) a real server at random moments under load and starts it again on the same data: while it works, while it
 * starts, twice in a row, with a torn tail behind the last synced byte. After each time, before any client is back,
 * everything that was acknowledged is there once; then all clients and the log agree; remembered versions are as they
 * were; the feed from a remembered cursor misses nothing; the audit holds. Throws with what is wrong.
 */
export async function killServer({ dataDir, kills, random, signal, tell, isEnough }: Options): Promise<Counts> {
  const key = createApiKey()
  const counts = noKills()
  const storeDir = path.join(dataDir, 'server')
  const between = (least: number, most: number) => least + random() * (most - least)
  let daysAhead = 0
  let child: Child | undefined

  const fail = (where: string, wrong: readonly string[]) => {
    if (wrong.length > 0) throw new Error(`${where}, after ${counts.kills} kills: ${wrong.slice(0, 20).join('\n')}`)
  }
  const launch = () => (child = startChild({ dataDir, key, settings, daysAhead }))
  const kill = async () => {
    await child?.kill()
    counts.kills += 1
    fail('under load', [child?.failure() ?? []].flat())
  }
  const start = async () => {
    const started = await launch().ready
    if (!started) throw new Error('the server was killed by somebody else')
    return started
  }
  /** With a torn tail, days later, killed while it starts, perhaps more than once; then started for good. */
  const startAgain = async (): Promise<string> => {
    if (random() < 0.3 && (await tearTail(storeDir, random))) counts.tornTails += 1
    if (random() < 0.25) {
      daysAhead += 2
      load.aged()
    }
    while (random() < 0.3) {
      launch()
      await wait(systemClock, between(50, 700))
      await kill()
      counts.killsWhileStarting += 1
    }
    const { url } = await start()
    api.moveTo(url)
    fail('before anybody was back', await load.checkAlone())
    return url
  }

  const { url: firstUrl, workspaceId } = await start()
  const api = createApi(key, workspaceId)
  api.moveTo(firstUrl)
  const { claims } = await api.token(createId())
  const load = await openWorkload({ api, place: claims, url: firstUrl, random })
  try {
    for (let round = 0; counts.kills < kills && !signal?.aborted && !isEnough?.(); round++) {
      const cursor = await api.version()
      const ended = new AbortController()
      const over = load.run(ended.signal)
      over.catch(() => {})
      await wait(systemClock, between(200, 1_500))
      await kill()
      ended.abort()
      await over
      if (round % 4 === 0) {
        fail('in what was left', await inspect(storeDir))
        counts.inspections += 1
      }
      load.comeBack(await startAgain())
      if (random() < 0.3) {
        // Killed again while the clients hand in what they wrote meanwhile.
        await wait(systemClock, between(0, 400))
        await kill()
        load.comeBack(await startAgain())
      }
      fail('when all were back', await load.checkTogether(cursor))
      counts.cursorsChecked += 1
      tell?.({ ...counts, ...load.done() })
    }
    fail('in the end', await load.checkAlone(true))
  } finally {
    load.end()
    await child?.kill()
  }
  fail('in what was left in the end', await inspect(storeDir))
  counts.inspections += 1
  return { ...counts, ...load.done() }
}
