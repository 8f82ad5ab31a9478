import { TandemError, isTandemError, systemClock, type Clock, type Id, type Log, type Settings } from '@tandem/shared'
import { openAuthors, type Authors } from './authors.ts'
import { createGroupCommit } from './group-commit.ts'
import { replay } from './replay.ts'
import type { AppendMeta, DocStat, Store, Write } from './store.ts'

/** An entry that is on disk. */
export type Appended = { seq: number; doc: string; author: Id }

/** The one door to a workspace's log; everything that is ever kept goes through it. */
export type UpdateLog = {
  /**
   * Appends one change. `seq` is its version number at once, `durable` resolves when it is on disk, and rejects with
   * `store-failed` while the store cannot write (the entry is kept and written once it can). `state` gives the whole
   * document, for a snapshot when its tail has grown long.
   */
  append(
    doc: string,
    update: Uint8Array,
    meta: AppendMeta,
    state?: () => Uint8Array,
  ): { seq: number; durable: Promise<void> }
  /** Records (accounts, audit, folded ids), in the same order and batches as entries. */
  write(writes: readonly Extract<Write, { t: 'record' }>[]): Promise<void>
  /** Undefined where all of the document is on disk; else a promise as `append`'s. */
  pending(doc: string): Promise<void> | undefined
  stat(doc: string): DocStat | undefined
  /** Names (`docPath`) of the documents that start so. */
  names(prefix: string): string[]
  /** The last version that is on disk. */
  head(): number
  /** The document as one update, at its newest or at `upTo`; undefined where it has no entry. Throws `store-corrupt`. */
  load(doc: string, upTo?: number): Promise<Uint8Array | undefined>
  /** Told of every entry once it is on disk, in order. */
  onAppend(listen: (e: Appended) => void): () => void
  failure(): TandemError | undefined
  onState(listen: (failure: TandemError | undefined) => void): () => void
  /** Documents that could not be read, and why: shown by health, never skipped in silence. */
  damaged(): ReadonlyMap<string, string>
  authors: Authors
  close(): Promise<void>
}

type Deps = { store: Store; settings: Pick<Settings, 'snapshotTailBytes'>; log: Log; clock?: Clock; probeMs?: number }

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
  const authors = await openAuthors(store)
  for await (const [doc, stat] of store.docs()) stats.set(doc, stat)
  let assigned = await store.head()
  let durableSeq = assigned
  const tails = new Map<string, Promise<void>>()
  const listeners = new Set<(e: Appended) => void>()
  const damaged = new Map<string, string>()
  /** Appended, not yet on disk, in order. */
  const waiting: Appended[] = []

  const announce = (upTo: number) => {
    while (waiting[0] && waiting[0].seq <= upTo) {
      const e = waiting.shift() as Appended
      durableSeq = e.seq
      for (const listen of [...listeners]) listen(e)
    }
  }
  commit.onState((failure) => {
    if (failure) return
    // What was kept through the failure is on disk now.
    announce(assigned)
  })

  /** A long tail is folded into a snapshot, but not for every edit of a large document. */
  const wantsSnapshot = (s: DocStat) => s.tailBytes > Math.max(settings.snapshotTailBytes, s.snapshotBytes / 8)

  return {
    append: (doc, update, meta, state) => {
      const seq = ++assigned
      const { writes, via } = authors.see(update, meta.author)
      const note = via.length > 0 ? { ...meta.note, via } : meta.note
      const before = stats.get(doc) ?? nothing
      let stat: DocStat = { ...before, seq, tailBytes: before.tailBytes + update.length }
      writes.push({
        t: 'entry',
        entry: { seq, doc, update, author: meta.author, origin: meta.origin, at: clock.now(), ...(note && { note }) },
      })
      if (state && wantsSnapshot(stat)) {
        const bytes = state()
        stat = { seq, snapshotSeq: seq, snapshotBytes: bytes.length, tailBytes: 0 }
        writes.push({ t: 'snapshot', doc, seq, state: bytes })
      }
      stats.set(doc, stat)
      moved.add(doc)
      waiting.push({ seq, doc, author: meta.author })

      const durable = commit.write(writes)
      tails.set(doc, durable)
      const settled = () => {
        if (tails.get(doc) === durable) tails.delete(doc)
      }
      durable.then(() => {
        settled()
        announce(seq)
      }, settled)
      return { seq, durable }
    },
    write: (writes) => commit.write(writes),
    pending: (doc) => {
      const failure = commit.failure()
      return failure ? Promise.reject(failure) : tails.get(doc)
    },
    stat: (doc) => stats.get(doc),
    names: (prefix) => [...stats.keys()].filter((name) => name.startsWith(prefix)),
    head: () => durableSeq,
    load: async (doc, upTo) => {
      const stat = stats.get(doc)
      if (!stat) return undefined
      await tails.get(doc)
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
