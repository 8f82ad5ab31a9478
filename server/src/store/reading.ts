import { isTandemError, type Log, type TandemError } from '@tandem/shared'
import type { Damage } from './damage.ts'
import type { Recent } from './recent.ts'
import { replay, salvage } from './replay.ts'
import type { DocStat, EntryHead, KeyRange, Range, Store, Table } from './store.ts'

type Deps = {
  store: Store
  stats: Map<string, DocStat>
  recent: Recent
  damage: Damage
  log: Log
  /** Resolves when what was appended to the document is on disk, or cannot get there. */
  landed(doc: string): Promise<void>
  failure(): TandemError | undefined
  /** Where a document stands was found to be otherwise. */
  restated(doc: string): void
}

/** Reading the log past what is damaged: each such value is told and stays by itself. */
export function createReading({ store, stats, recent, damage, log, landed, failure, restated }: Deps) {
  /** The head is only a copy: it can be had from the entry itself. */
  const headFromEntry = async (seq: number): Promise<EntryHead | undefined> => {
    for (const doc of stats.keys()) {
      try {
        for await (const { update, previous: _, ...head } of store.entries(doc, { after: seq - 1, upTo: seq }))
          return { ...head, bytes: update.length }
      } catch {
        // The entry is damaged as well: told when its document is read.
      }
    }
    return undefined
  }
  /** The next range behind a damaged head. */
  async function* heads(range: Range = {}): AsyncGenerator<EntryHead> {
    try {
      yield* store.heads(range)
    } catch (e) {
      const seq = isTandemError(e, 'store-corrupt') ? e.details['seq'] : undefined
      if (typeof seq !== 'number') throw e
      const head = await headFromEntry(seq)
      if (head) yield head
      else damage.tell(`version ${seq}`, e)
      yield* heads({ ...range, ...(range.reverse ? { upTo: seq - 1 } : { after: seq }) })
    }
  }

  return {
    heads,
    load: async (doc: string, upTo?: number): Promise<Uint8Array | undefined> => {
      const before = stats.get(doc)
      if (!before) return undefined
      await landed(doc)
      // While the store fails it may not be on disk: what is there tells.
      const known = upTo === undefined && !failure() ? recent.whole(doc, before) : undefined
      if (known) return known
      const read = (isBare: boolean) =>
        replay(store, doc, {
          ...(upTo === undefined ? { atLeast: before.seq } : { upTo }),
          isBare,
          newest: stats.get(doc)?.seq ?? 0,
        })
      try {
        // Most documents have no snapshot, and looking for one costs as much as reading them.
        const { update, stat, damaged } = await read(before.snapshotSeq === 0).catch((e: unknown) => {
          if (!isTandemError(e, 'store-corrupt')) throw e
          // Thinned between its snapshot and its entries it looks the same: what is damaged is so the second time, too.
          // And where its standing was counted anew, there may be an old snapshot all the same.
          return read(false)
        })
        if (upTo !== undefined) return update
        damage.clear(doc)
        // The same value: nothing came meanwhile, and nothing was thinned.
        if (update && !damaged && stats.get(doc) === before) recent.keep(doc, before, update)
        if (damaged && stats.get(doc) === before) {
          log.error('snapshot damaged, read from what is behind it', { doc, error: damaged })
          // The next change makes a new one.
          stats.set(doc, stat)
          restated(doc)
        }
        return update
      } catch (e) {
        if (!isTandemError(e, 'store-corrupt')) throw e
        // Dropped meanwhile.
        if (!stats.get(doc)) return undefined
        // Its last entries are not lost: they wait for a store that fails.
        const failing = failure()
        if (failing) throw failing
        damage.tell(doc, e)
        if (upTo === undefined && isIndispensable(doc)) return salvage(store, doc)
        throw e
      }
    },
    /** A record; undefined where there is none, and where it cannot be read, which is told. */
    read: async (table: Table, name: string): Promise<unknown> => {
      try {
        return await store.read(table, name)
      } catch (e) {
        if (!isTandemError(e, 'store-corrupt')) throw e
        damage.tell(`record ${table}/${name}`, e)
        return undefined
      }
    },
    /** All records of a table; the value of one that cannot be read is undefined, and told. */
    list: async function* (table: Table, range?: KeyRange): AsyncGenerator<readonly [name: string, value: unknown]> {
      for await (const [name, value, error] of store.list(table, range)) {
        if (error) damage.tell(`record ${table}/${name}`, error)
        yield [name, value]
      }
    },
  }
}

/** The server does not start without them, and writes them alone. */
const isIndispensable = (doc: string) => /^(ops|tasks)(@|$)/.test(doc)
