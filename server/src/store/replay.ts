import { TandemError } from '@tandem/shared'
import * as Y from 'yjs'
import type { Store } from './store.ts'
import { missingEntry } from './thin.ts'

type Range = {
  upTo?: number | undefined
  /** The log must reach at least here: where it ends earlier, entries are missing. */
  atLeast?: number
}

/**
 * A document as one update: the newest snapshot at or before `upTo` and the entries after that. Throws
 * `store-corrupt` where something stored is damaged or missing.
 */
export async function replay(store: Store, doc: string, { upTo, atLeast = 0 }: Range): Promise<Uint8Array | undefined> {
  const snapshot = await store.snapshot(doc, upTo)
  const updates = snapshot ? [snapshot.state] : []
  let last = snapshot?.seq ?? 0
  for await (const entry of store.entries(doc, { after: last, ...(upTo !== undefined && { upTo }) })) {
    if (entry.previous !== last) throw missingEntry(doc, entry.previous, entry.seq)
    updates.push(entry.update)
    last = entry.seq
  }
  if (last < atLeast) {
    throw new TandemError('store-corrupt', {
      reason: 'the last entries of a document are missing',
      doc,
      last,
      expected: atLeast,
    })
  }
  const [only] = updates
  if (updates.length <= 1 || !only) return only
  try {
    return Y.mergeUpdates(updates)
  } catch (e) {
    throw new TandemError('store-corrupt', { reason: 'the entries of a document do not fit together', doc }, e)
  }
}
