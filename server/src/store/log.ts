import { systemClock, type Clock, type Log, type Settings, type TandemError } from '@tandem/shared'
import { clientsIn, openAuthors, type Authors } from './authors.ts'
import { createBacklog, type Backlog } from './backlog.ts'
import { createDamage } from './damage.ts'
import { createFlights, type Appended } from './flights.ts'
import { createGroupCommit } from './group-commit.ts'
import { createHousekeeping } from './housekeeping.ts'
import { createReading } from './reading.ts'
import { createRecent } from './recent.ts'
import { advance, nothing } from './snapshots.ts'
import { createSoon } from './soon.ts'
import { openStanding } from './standing.ts'
import type {
  AppendMeta,
  DocStat,
  Entry,
  EntryHead,
  KeyRange,
  Range,
  RecordWrite,
  Store,
  Table,
  Write,
} from './store.ts'
import type { ThinStep } from './thin.ts'

/** The one door to a workspace's log; everything that is ever kept goes through it. */
export type UpdateLog = {
  /**
   * Appends one change. `seq` is its version number at once, `durable` resolves when it is on disk, and rejects with
   * `store-failed` or `disk-full` while the store cannot write (the entry is kept and written once it can). `state` gives the whole
   * document, for a snapshot when its tail has grown long. `clients` are the ids that the update has changes of, where
   * the caller knows them.
   */
  append(
    doc: string,
    update: Uint8Array,
    meta: AppendMeta,
    state?: () => Uint8Array,
    clients?: readonly number[],
  ): { seq: number; durable: Promise<void> }
  /**
   * For a document that changes many times a second: appends what `make` then says has changed since it was last called,
   * in this step or within half a second. Until that is on disk it is `pending`.
   */
  appendSoon(doc: string, make: () => Parameters<UpdateLog['append']>): void
  /** Records (accounts, audit, folded ids), in the same order and batches as entries. */
  write(writes: readonly RecordWrite[]): Promise<void>
  /** A record; undefined where there is none, and where it cannot be read, which is told. */
  read(table: Table, key: string): Promise<unknown>
  /** All records of a table; the value of one that cannot be read is undefined, and told. */
  list(table: Table, range?: KeyRange): AsyncIterable<readonly [key: string, value: unknown]>
  /** Undefined where all of the document is on disk; else a promise as `append`'s. */
  pending(doc: string): Promise<void> | undefined
  stat(doc: string): DocStat | undefined
  /** Names (`docPath`) of the documents that start so. */
  names(prefix: string): string[]
  /** The last version that is on disk. */
  head(): number
  /** The document as one update, at its newest or at `upTo`; undefined where it has no entry. Throws `store-corrupt`. */
  load(doc: string, upTo?: number): Promise<Uint8Array | undefined>
  /** A document's entries, also those that were on their way to disk. */
  entries(doc: string, range?: Range): AsyncIterable<Entry>
  /** The heads of all documents' entries that are on disk, in order of seq. */
  heads(range?: Range): AsyncIterable<EntryHead>
  /**
   * Folds each range of a document's entries into one entry, all in one step; content at every version that remains
   * is what it was. Returns how many entries went. Throws `store-corrupt` and leaves them where one is damaged.
   */
  thin(doc: string, steps: readonly ThinStep[]): Promise<number>
  /** Forgets a document's past: one entry at its newest snapshot holds all up to there. False where it does already. */
  squash(doc: string): Promise<boolean>
  /** Forgets all of a document; false where it changed since the call, or `mayGo`, asked last, says that it may not. */
  drop(doc: string, mayGo: () => boolean): Promise<boolean>
  /** What waits for the disk. */
  backlog: Backlog
  /** Told of every entry once it is on disk, in order. */
  onAppend(listen: (e: Appended) => void): () => void
  failure(): TandemError | undefined
  onState(listen: (failure: TandemError | undefined) => void): () => void
  /** What is stored and could not be read, by name (a document's `docPath`), and why: never skipped in silence. */
  damaged(): ReadonlyMap<string, string>
  authors: Authors
  close(): Promise<void>
}

type Deps = {
  store: Store
  settings: Pick<Settings, 'snapshotTailBytes' | 'maxBacklogBytes'>
  log: Log
  clock?: Clock
  probeMs?: number
}

/** The last version given, kept where its own entry is dropped: no number is ever given twice. */
const headKey = 'head'

/** What an entry takes in memory beside its update, about. */
const entryBytes = 512

export async function openLog({ store, settings, log, clock = systemClock, probeMs }: Deps): Promise<UpdateLog> {
  const fence = await store.takeFence()
  const stats = new Map<string, DocStat>()
  /** Documents whose standing is to be written with the next batch. */
  const moved = new Set<string>()
  const finish = (): Write[] => {
    const writes = [...moved].flatMap((doc): Write[] => {
      const stat = stats.get(doc)
      return stat ? [{ t: 'doc', doc, stat }] : []
    })
    moved.clear()
    return writes
  }
  const commit = createGroupCommit({ store, fence, clock, log, finish, ...(probeMs !== undefined && { probeMs }) })
  const backlog = createBacklog(settings.maxBacklogBytes)
  const damage = createDamage(log)
  const recent = createRecent()
  const listeners = new Set<(e: Appended) => void>()
  const flights = createFlights({
    landed: (e, bytes) => {
      backlog.take(bytes)
      durableSeq = e.seq
      for (const listen of [...listeners]) listen(e)
    },
  })
  commit.onState((failure) => {
    // What was kept through the failure is on disk now.
    if (!failure) flights.land(assigned)
    backlog.setFailing(failure !== undefined)
  })
  const settled = async (doc: string) => {
    soon.flush(doc)
    const failure = commit.failure()
    if (failure) throw failure
    await flights.tail(doc)
  }
  const soon = createSoon(clock)
  /** For reading: what a failing store cannot write is no reason not to show what it has. */
  const landed = async (doc: string) => {
    soon.flush(doc)
    await flights.tail(doc)?.catch(() => {})
  }
  const restated = (doc: string) => moved.add(doc)
  const reading = createReading({ store, stats, recent, damage, log, landed, failure: commit.failure, restated })
  const { thin, squash, drop } = createHousekeeping({
    store,
    stats,
    settled,
    commit,
    restated,
    forget: recent.forget,
    keepHead: () => ({ t: 'record', table: 'meta', key: headKey, value: assigned }),
  })

  for (const doc of await openStanding({ store, stats, heads: reading.heads, log })) restated(doc)
  const authors = await openAuthors(reading, clock)
  let assigned = Math.max(await store.head(), Number((await reading.read('meta', headKey)) ?? 0))
  let durableSeq = assigned

  const append: UpdateLog['append'] = (
    doc,
    update,
    { author, origin, ...meta },
    state,
    clients = clientsIn(update),
  ) => {
    const seq = ++assigned
    const { via, cause, ...seen } = authors.see(clients, { principal: author, cause: meta.cause })
    const writes: Write[] = seen.writes
    const note = via.length > 0 ? { ...meta.note, via } : meta.note
    const stat = stats.get(doc)
    const before = stat ?? nothing
    writes.push({
      t: 'entry',
      entry: {
        seq,
        doc,
        previous: before.seq,
        update,
        author,
        origin,
        at: clock.now(),
        ...(cause && { cause }),
        ...(note && { note }),
      },
    })
    const next = advance(before, {
      doc,
      seq,
      bytes: update.length,
      state,
      snapshotTailBytes: settings.snapshotTailBytes,
    })
    writes.push(...next.writes)
    stats.set(doc, next.stat)
    recent.add(doc, stat, next.stat, update)
    moved.add(doc)
    const bytes = update.length + entryBytes
    backlog.add(bytes)
    const durable = commit.write(writes)
    flights.add({ seq, doc, author, bytes }, durable)
    return { seq, durable }
  }

  return {
    append,
    appendSoon: (doc, make) => soon.add(doc, () => append(...make()).durable),
    write: commit.write,
    read: reading.read,
    list: reading.list,
    pending: (doc) => {
      const failure = commit.failure()
      return failure ? Promise.reject(failure) : (soon.pending(doc) ?? flights.tail(doc))
    },
    stat: (doc) => stats.get(doc),
    names: (prefix) => [...stats.keys()].filter((name) => name.startsWith(prefix)),
    head: () => durableSeq,
    load: reading.load,
    entries: async function* (doc, range) {
      await landed(doc)
      yield* store.entries(doc, range)
    },
    heads: reading.heads,
    thin,
    squash,
    drop,
    backlog,
    onAppend: (listen) => {
      listeners.add(listen)
      return () => listeners.delete(listen)
    },
    failure: commit.failure,
    onState: commit.onState,
    damaged: () => damage.places,
    authors,
    close: () => {
      soon.flushAll()
      return commit.close()
    },
  }
}
