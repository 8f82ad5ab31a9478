import { TandemError, isTandemError, systemClock, type Clock, type Log, type Settings } from '@tandem/shared'
import { clientsIn, openAuthors, type Authors } from './authors.ts'
import { createBacklog, type Backlog } from './backlog.ts'
import { createFlights, type Appended } from './flights.ts'
import { createGroupCommit } from './group-commit.ts'
import { replay } from './replay.ts'
import type { AppendMeta, DocStat, Entry, EntryHead, Range, RecordWrite, Store, Write } from './store.ts'
import { fold, type ThinStep } from './thin.ts'

/** The one door to a workspace's log; everything that is ever kept goes through it. */
export type UpdateLog = {
  /**
   * Appends one change. `seq` is its version number at once, `durable` resolves when it is on disk, and rejects with
   * `store-failed` while the store cannot write (the entry is kept and written once it can). `state` gives the whole
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
  /** Records (accounts, audit, folded ids), in the same order and batches as entries. */
  write(writes: readonly RecordWrite[]): Promise<void>
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
  /** Forgets all of a document that is not loaded. Throws `conflict` where it changed meanwhile. */
  drop(doc: string): Promise<void>
  /** What waits for the disk. */
  backlog: Backlog
  /** Told of every entry once it is on disk, in order. */
  onAppend(listen: (e: Appended) => void): () => void
  failure(): TandemError | undefined
  onState(listen: (failure: TandemError | undefined) => void): () => void
  /** Documents that could not be read, and why: shown by health, never skipped in silence. */
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

const nothing: DocStat = { seq: 0, snapshotSeq: 0, snapshotBytes: 0, tailBytes: 0 }

export async function openLog({ store, settings, log, clock = systemClock, probeMs }: Deps): Promise<UpdateLog> {
  const fence = await store.takeFence()
  /** Documents whose standing is to be written with the next batch. */
  const moved = new Set<string>()
  const standing = (): Write[] => {
    const writes = [...moved].flatMap((doc): Write[] => {
      const stat = stats.get(doc)
      return stat ? [{ t: 'doc', doc, stat }] : []
    })
    moved.clear()
    return writes
  }
  const stats = new Map<string, DocStat>()
  const commit = createGroupCommit({
    store,
    fence,
    clock,
    log,
    finish: standing,
    ...(probeMs !== undefined && { probeMs }),
  })
  const authors = await openAuthors(store, clock)
  for await (const [doc, stat] of store.docs()) stats.set(doc, stat)
  let assigned = Math.max(await store.head(), Number((await store.read('meta', headKey)) ?? 0))
  let durableSeq = assigned
  const listeners = new Set<(e: Appended) => void>()
  const damaged = new Map<string, string>()
  const backlog = createBacklog(settings.maxBacklogBytes)
  /** Thinning and dropping, one after the other. */
  let housekeeping: Promise<unknown> = Promise.resolve()

  const flights = createFlights({
    landed: (e, bytes) => {
      backlog.take(bytes)
      durableSeq = e.seq
      for (const listen of [...listeners]) listen(e)
    },
  })
  commit.onState((failure) => {
    if (failure) return
    // What was kept through the failure is on disk now.
    flights.land(assigned)
  })

  /** A long tail is folded into a snapshot, but not for every edit of a large document. */
  const wantsSnapshot = (s: DocStat) => s.tailBytes > Math.max(settings.snapshotTailBytes, s.snapshotBytes / 8)

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = housekeeping.then(work)
    housekeeping = done.catch(() => {
      // Whoever asked is told.
    })
    return done
  }
  /** Only what is on disk can be thinned. */
  const settled = async (doc: string) => {
    const failure = commit.failure()
    if (failure) throw failure
    await flights.tail(doc)
  }
  const inTail = (doc: string, freed: number, upTo: number) => {
    const stat = stats.get(doc)
    if (!stat || upTo <= stat.snapshotSeq) return
    stats.set(doc, { ...stat, tailBytes: stat.tailBytes - freed })
    moved.add(doc)
  }

  return {
    append: (doc, update, { author, origin, ...meta }, state, clients = clientsIn(update)) => {
      const seq = ++assigned
      const { via, cause, ...seen } = authors.see(clients, { principal: author, cause: meta.cause })
      const writes: Write[] = seen.writes
      const note = via.length > 0 ? { ...meta.note, via } : meta.note
      const before = stats.get(doc) ?? nothing
      let stat: DocStat = { ...before, seq, tailBytes: before.tailBytes + update.length }
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
      if (state && wantsSnapshot(stat)) {
        const bytes = state()
        stat = { seq, snapshotSeq: seq, snapshotBytes: bytes.length, tailBytes: 0 }
        writes.push({ t: 'snapshot', doc, seq, state: bytes })
      }
      stats.set(doc, stat)
      moved.add(doc)
      backlog.add(update.length)
      const durable = commit.write(writes)
      flights.add({ seq, doc, author, bytes: update.length }, durable)
      return { seq, durable }
    },
    write: (writes) => commit.write(writes),
    pending: (doc) => {
      const failure = commit.failure()
      return failure ? Promise.reject(failure) : flights.tail(doc)
    },
    stat: (doc) => stats.get(doc),
    names: (prefix) => [...stats.keys()].filter((name) => name.startsWith(prefix)),
    head: () => durableSeq,
    load: async (doc, upTo) => {
      const stat = stats.get(doc)
      if (!stat) return undefined
      await flights.tail(doc)
      try {
        const update = await replay(store, doc, upTo === undefined ? { atLeast: stat.seq } : { upTo })
        damaged.delete(doc)
        return update
      } catch (e) {
        if (isTandemError(e, 'store-corrupt')) {
          damaged.set(doc, e.message)
          log.error('document damaged', { doc, error: e })
        }
        throw e
      }
    },
    entries: async function* (doc, range) {
      await settled(doc)
      yield* store.entries(doc, range)
    },
    heads: (range) => store.heads(range),
    thin: (doc, steps) =>
      inTurn(async () => {
        await settled(doc)
        const folded = (await Promise.all(steps.map((step) => fold(store, doc, step)))).filter((f) => f !== undefined)
        if (folded.length === 0) return 0
        const failure = commit.failure()
        if (failure) throw failure
        for (const { freed, upTo } of folded) inTail(doc, freed, upTo)
        await commit.write(folded.flatMap((f) => f.writes))
        return folded.reduce((sum, f) => sum + f.gone, 0)
      }),
    drop: (doc) =>
      inTurn(async () => {
        const before = stats.get(doc)
        await settled(doc)
        const failure = commit.failure()
        if (failure) throw failure
        if (stats.get(doc) !== before) throw new TandemError('conflict', { reason: 'the document changed', doc })
        stats.delete(doc)
        moved.delete(doc)
        damaged.delete(doc)
        await commit.write([
          { t: 'drop', doc },
          { t: 'record', table: 'meta', key: headKey, value: assigned },
        ])
      }),
    backlog,
    onAppend: (listen) => {
      listeners.add(listen)
      return () => listeners.delete(listen)
    },
    failure: commit.failure,
    onState: commit.onState,
    damaged: () => damaged,
    authors,
    close: commit.close,
  }
}
