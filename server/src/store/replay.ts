import { TandemError, isTandemError } from '@tandem/shared'
import * as Y from 'yjs'
import { nothing } from './snapshots.ts'
import type { DocStat, Entry, Store } from './store.ts'
import { missingEntry } from './thin.ts'

type Range = {
  upTo?: number | undefined
  /** The log must reach at least here: where it ends earlier, entries are missing. */
  atLeast?: number
  /** No snapshot is looked for: the entries hold all there is, which may only be more to read. */
  isBare?: boolean
  /** Its last entry, where that is known and may be on disk. */
  newest?: number
}

/** A document as one update, and what it was made of; `damaged` is set where a newer snapshot could not be read. */
type Replayed = { update: Uint8Array | undefined; stat: DocStat; damaged?: TandemError }

/**
 * A document as it was: the newest snapshot at or before `upTo` that is whole, and the entries after that. Throws
 * `store-corrupt` where something stored is damaged or missing and nothing older makes up for it.
 */
export async function replay(
  store: Store,
  doc: string,
  { upTo, atLeast = 0, isBare = false, newest = 0 }: Range,
): Promise<Replayed> {
  const few = isBare && upTo === undefined ? await lastFew(store, doc, newest) : undefined
  if (few) return replayed(few, doc)
  const { snapshot, damaged } = isBare ? noSnapshot : await newestWhole(store, doc, upTo)
  const updates = snapshot ? [snapshot.state] : []
  let last = snapshot?.seq ?? 0
  let tailBytes = 0
  try {
    for await (const entry of store.entries(doc, { after: last, upTo })) {
      if (entry.previous !== last) throw missingEntry(doc, entry.previous, entry.seq)
      updates.push(entry.update)
      last = entry.seq
      tailBytes += entry.update.length
    }
    if (last < atLeast) {
      throw new TandemError('store-corrupt', {
        reason: 'the last entries of a document are missing',
        doc,
        last,
        expected: atLeast,
      })
    }
  } catch (e) {
    // What should have made up for the snapshot does not.
    throw damaged ?? e
  }
  const stat = {
    ...nothing,
    seq: last,
    snapshotSeq: snapshot?.seq ?? 0,
    snapshotBytes: snapshot?.state.length ?? 0,
    tailBytes,
  }
  return { update: merge(updates, doc), stat, ...(damaged && { damaged }) }
}

/** So many entries are looked up each by its name, which costs less than to search for where they begin and end. */
const mostFew = 8

/** All entries of a document that has few, from the last one back; undefined where there are more, or one is missing. */
async function lastFew(store: Store, doc: string, newest: number): Promise<Entry[] | undefined> {
  const found: Entry[] = []
  for (let seq = newest; found.length < mostFew;) {
    const entry = await store.entry(doc, seq)
    if (!entry) return undefined
    found.unshift(entry)
    if (entry.previous === 0) return found
    seq = entry.previous
  }
  return undefined
}

const replayed = (entries: readonly Entry[], doc: string): Replayed => {
  const updates = entries.map(({ update }) => update)
  const tailBytes = updates.reduce((sum, { length }) => sum + length, 0)
  return { update: merge(updates, doc), stat: { ...nothing, seq: entries.at(-1)?.seq ?? 0, tailBytes } }
}

/**
 * Whatever can be read of a document that is damaged. Only for one that the server alone writes and cannot do without:
 * what others write is rather refused than shown with holes.
 */
export async function salvage(store: Store, doc: string): Promise<Uint8Array | undefined> {
  const { snapshot } = await newestWhole(store, doc, undefined)
  const updates = snapshot ? [snapshot.state] : []
  let last = snapshot?.seq ?? 0
  for (let isMore = true; isMore;) {
    isMore = false
    try {
      for await (const { seq, update } of store.entries(doc, { after: last })) {
        updates.push(update)
        last = seq
      }
    } catch (e) {
      const seq = isTandemError(e, 'store-corrupt') ? e.details['seq'] : undefined
      if (typeof seq !== 'number') throw e
      last = seq
      isMore = true
    }
  }
  return merge(updates, doc)
}

type Found = { snapshot: Awaited<ReturnType<Store['snapshot']>>; damaged: TandemError | undefined }
const noSnapshot: Found = { snapshot: undefined, damaged: undefined }

/** An older snapshot serves as well, only slower. */
async function newestWhole(store: Pick<Store, 'snapshot'>, doc: string, upTo: number | undefined): Promise<Found> {
  let damaged: TandemError | undefined
  let before = upTo
  for (;;) {
    try {
      return { snapshot: await store.snapshot(doc, before), damaged }
    } catch (e) {
      const seq = isTandemError(e, 'store-corrupt') ? e.details['snapshot'] : undefined
      if (typeof seq !== 'number') throw e
      damaged ??= e as TandemError
      before = seq - 1
    }
  }
}

function merge(updates: Uint8Array[], doc: string): Uint8Array | undefined {
  const [only] = updates
  if (updates.length <= 1 || !only) return only
  try {
    return Y.mergeUpdates(updates)
  } catch (e) {
    throw new TandemError('store-corrupt', { reason: 'the entries of a document do not fit together', doc }, e)
  }
}
