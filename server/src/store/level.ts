import { mkdir } from 'node:fs/promises'
import { TandemError, isTandemError, silentLog, systemClock, wait, type Clock, type Log } from '@tandem/shared'
import { Level } from 'level'
import { decodeEntry, decodeHead, decodeJson, encodeJson, unseal } from './encode.ts'
import { createGathered } from './gathered.ts'
import { key, last, seqOf, type Db } from './level-keys.ts'
import { commit } from './level-write.ts'
import { staleFence } from './memory.ts'
import { migrate } from './migrate.ts'
import { isFull, requireRoom } from './room.ts'
import { DocStat, type Store } from './store.ts'
import { checkWriteAhead } from './write-ahead.ts'

type Options = {
  clock?: Clock
  log?: Log
  /** How long to wait for a predecessor that is still closing, ms. */
  lockMs?: number
}

/**
 * The embedded store: LevelDB in `folder`, one synced batch for each commit. Throws `store-locked` while another
 * process holds it, `store-corrupt` where LevelDB cannot read its own files.
 */
export async function openLevelStore(
  folder: string,
  { clock = systemClock, log = silentLog, lockMs = 5_000 }: Options = {},
): Promise<Store> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // Before there is a database at all: it would begin to open itself.
  await checkWriteAhead(folder)
  const db = new Level<string, Uint8Array>(folder, {
    keyEncoding: 'utf8',
    valueEncoding: 'view',
    writeBufferSize: 16 * 2 ** 20,
  })
  await openDb(db, folder, clock, lockMs)
  let fence = await prepare(db, clock, log)
  const get = createGathered(db)
  return {
    commit: async (writes, holds) => {
      if (holds !== undefined && holds < fence) throw staleFence(holds, fence)
      await commit(db, writes).catch((e: unknown) => {
        throw isFull(e) ? diskFull(folder, e) : e
      })
    },
    takeFence: async () => {
      fence += 1
      await db.put(key.record('meta', 'fence'), encodeJson(fence), { sync: true })
      return fence
    },
    head: async () => {
      for await (const [k] of walk(db, { gte: 'q!', lt: 'q"', reverse: true, limit: 1 })) return seqOf(k)
      return 0
    },
    docs: async function* () {
      for await (const [k, v] of walk(db, { gte: 'd!', lt: 'd"' })) {
        yield [k.slice(2), ...readOver(() => DocStat.parse(decodeJson(v, { key: k })), k)]
      }
    },
    entry: async (doc, seq) => {
      const value = await get(key.entry(doc, seq)).catch((e: unknown) => {
        throw unreadable(e, { doc, seq })
      })
      return value && decodeEntry(value, doc, seq)
    },
    entries: async function* (doc, { after = 0, upTo = last, reverse = false } = {}) {
      for await (const [k, v] of walk(db, { gt: key.entry(doc, after), lte: key.entry(doc, upTo), reverse }, { doc })) {
        yield decodeEntry(v, doc, seqOf(k))
      }
    },
    heads: async function* ({ after = 0, upTo = last, reverse = false } = {}) {
      for await (const [k, v] of walk(db, { gt: key.head(after), lte: key.head(upTo), reverse })) {
        yield decodeHead(v, seqOf(k))
      }
    },
    snapshot: async (doc, upTo = last) => {
      const range = { gte: key.snapshot(doc, 0), lte: key.snapshot(doc, upTo), reverse: true, limit: 1 }
      for await (const [k, v] of walk(db, range, { doc }))
        return { seq: seqOf(k), state: unseal(v, { doc, snapshot: seqOf(k) }) }
      return undefined
    },
    read: (table, name) => readJson(db, key.record(table, name)),
    list: async function* (table, { before, reverse = false } = {}) {
      const start = key.record(table, '')
      const lt = before === undefined ? start.slice(0, -1) + '"' : key.record(table, before)
      for await (const [k, v] of walk(db, { gte: start, lt, reverse })) {
        yield [k.slice(start.length), ...readOver(() => decodeJson(v, { key: k }), k)]
      }
    },
    // After a failed write LevelDB refuses all later ones until it is opened anew; until then it can be read.
    recover: async () => {
      await requireRoom(folder)
      await db.close()
      await openDb(db, folder, clock, lockMs)
    },
    close: () => db.close(),
  }
}

/** Brings the data up to date; returns the last fence. A folder that cannot be used is let go of. */
async function prepare(db: Db, clock: Clock, log: Log): Promise<number> {
  try {
    await migrate(db)
    return await readFence(db, clock, log)
  } catch (e) {
    await db.close()
    throw unreadable(e, {})
  }
}

/** Fences count up from 1: where the last cannot be read, the time in ms is beyond all of them. */
async function readFence(db: Db, clock: Clock, log: Log): Promise<number> {
  const place = key.record('meta', 'fence')
  try {
    return Number((await readJson(db, place)) ?? 0)
  } catch (error) {
    if (!isTandemError(error, 'store-corrupt')) throw error
    log.error('stored value damaged', { place, error })
    return clock.now()
  }
}

/** One value of many: that it cannot be read does not end the reading of the others. */
function readOver<T>(read: () => T, k: string): [value: T] | [value: undefined, error: TandemError] {
  try {
    return [read()]
  } catch (e) {
    if (e instanceof TandemError) return [undefined, e]
    return [undefined, new TandemError('store-corrupt', { reason: 'a stored value cannot be read', key: k }, e)]
  }
}

type Walk = { gt?: string; gte?: string; lt?: string; lte?: string; reverse?: boolean; limit?: number }

async function* walk(db: Db, range: Walk, place: Place = {}): AsyncGenerator<[string, Uint8Array]> {
  const found = db.iterator(range)
  try {
    // Asked for one by one, LevelDB is asked twice for what is short, and most ranges are.
    for (let some; (some = await found.nextv(walkSize)).length > 0;) yield* some
  } catch (e) {
    throw unreadable(e, place)
  } finally {
    await found.close()
  }
}

/** LevelDB gives fewer where they are large. */
const walkSize = 1_000

type Place = Readonly<Record<string, unknown>>
/** LevelDB's own tables are damaged there: as bad as a value that is. */
const unreadable = (e: unknown, place: Place) =>
  causeCode(e) === 'LEVEL_CORRUPTION'
    ? new TandemError('store-corrupt', { reason: 'a part of the store cannot be read', ...place }, e)
    : e

async function readJson(db: Db, k: string): Promise<unknown> {
  const value = await db.get(k).catch((e: unknown) => {
    throw unreadable(e, { key: k })
  })
  return value === undefined ? undefined : decodeJson(value, { key: k })
}

async function openDb(db: Db, folder: string, clock: Clock, lockMs: number): Promise<void> {
  const until = clock.now() + lockMs
  for (;;) {
    try {
      return await db.open()
    } catch (e) {
      const code = causeCode(e)
      if (code === 'LEVEL_LOCKED' && clock.now() < until) {
        await wait(clock, 100)
        continue
      }
      if (code === 'LEVEL_LOCKED') {
        throw new TandemError('store-locked', { reason: 'another process uses the data folder', folder }, e)
      }
      if (isFull(e)) throw diskFull(folder, e)
      const damaged = code === 'LEVEL_CORRUPTION'
      throw new TandemError(
        damaged ? 'store-corrupt' : 'store-failed',
        { reason: 'the data folder cannot be opened', folder, cause: code },
        e,
      )
    }
  }
}

const diskFull = (folder: string, e: unknown) => new TandemError('disk-full', { reason: 'the disk is full', folder }, e)

function causeCode(e: unknown): string {
  const { code, cause } = e as { code?: string; cause?: { code?: string } }
  return cause?.code ?? code ?? 'unknown'
}
