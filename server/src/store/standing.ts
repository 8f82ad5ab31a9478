import { isTandemError, type Log, type TandemError } from '@tandem/shared'
import { nothing } from './snapshots.ts'
import type { DocStat, EntryHead, Store } from './store.ts'

type Deps = { store: Store; stats: Map<string, DocStat>; heads(): AsyncIterable<EntryHead>; log: Log }

/**
 * Where every document stands. It is written with the entries and says nothing that they do not: what cannot be read
 * of it is counted anew from the heads of all entries. Returns the documents for which it was.
 */
export async function openStanding({ store, stats, heads, log }: Deps): Promise<string[]> {
  const lost = new Map<string, TandemError>()
  for await (const [doc, stat, error] of store.docs()) {
    stats.set(doc, stat ?? nothing)
    if (error) lost.set(doc, error)
  }
  for (const [doc, error] of lost) {
    log.error('standing damaged, counted anew', { doc, error })
    const stat = { ...nothing, ...(await newestSnapshot(store, doc, log)) }
    for await (const head of heads()) {
      if (head.doc !== doc) continue
      stat.seq = head.seq
      if (head.seq > stat.snapshotSeq) stat.tailBytes += head.bytes
    }
    stats.set(doc, { ...stat, seq: Math.max(stat.seq, stat.snapshotSeq) })
  }
  return [...lost.keys()]
}

async function newestSnapshot(store: Pick<Store, 'snapshot'>, doc: string, log: Log) {
  try {
    const snapshot = await store.snapshot(doc)
    return { snapshotSeq: snapshot?.seq ?? 0, snapshotBytes: snapshot?.state.length ?? 0 }
  } catch (e) {
    if (!isTandemError(e, 'store-corrupt')) throw e
    // Nobody looks for it again: what is behind it is read instead.
    log.error('snapshot damaged, read from what is behind it', { doc, error: e })
    return { snapshotSeq: 0, snapshotBytes: 0 }
  }
}
