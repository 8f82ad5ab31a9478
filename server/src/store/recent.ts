import * as Y from 'yjs'
import type { DocStat } from './store.ts'

/** The whole document is these updates together, where it stands so: the very value, which each change replaces. */
type Kept = { stat: DocStat; updates: readonly Uint8Array[]; bytes: number }

/** What one document may take of all, and into how many pieces it may fall. */
const share = 1 / 16
const maxPieces = 8
/** What a document takes in memory beside its updates, about. */
const ownBytes = 512

export type Recent = ReturnType<typeof createRecent>

/**
 * Documents as they were last read or written, of `maxBytes` together: the ones not asked for longest go first. A
 * mirror reads what it is about to change, and all mirrors read it again once it has.
 */
export function createRecent(maxBytes = 16 * 2 ** 20) {
  /** In the order in which they were asked for. */
  const byDoc = new Map<string, Kept>()
  let bytes = 0
  const forget = (doc: string): void => {
    bytes -= byDoc.get(doc)?.bytes ?? 0
    byDoc.delete(doc)
  }
  const keep = (doc: string, stat: DocStat, updates: readonly Uint8Array[]): void => {
    forget(doc)
    const size = updates.reduce((sum, update) => sum + update.length, ownBytes)
    if (size > maxBytes * share || updates.length > maxPieces) return
    byDoc.set(doc, { stat, updates: updates.map(alone), bytes: size })
    bytes += size
    for (const oldest of byDoc.keys()) {
      if (bytes <= maxBytes) return
      forget(oldest)
    }
  }

  return {
    forget,
    /** The whole document as it stands there. */
    keep: (doc: string, stat: DocStat, update: Uint8Array): void => keep(doc, stat, [update]),
    /** One more change of it; `before` is where it stood, undefined where there was none of it. */
    add: (doc: string, before: DocStat | undefined, stat: DocStat, update: Uint8Array): void => {
      const kept = byDoc.get(doc)
      if (!before) keep(doc, stat, [update])
      else if (kept?.stat === before) keep(doc, stat, [...kept.updates, update])
      else forget(doc)
    },
    /** The document as one update; undefined where it is not kept as it stands there. */
    whole: (doc: string, stat: DocStat): Uint8Array | undefined => {
      const kept = byDoc.get(doc)
      if (kept?.stat !== stat) return undefined
      const update = merged(kept.updates)
      if (update) keep(doc, stat, [update])
      else forget(doc)
      return update
    },
  }
}

/** Undefined where they do not fit together: that is told when the document is read from the disk. */
function merged(updates: readonly Uint8Array[]): Uint8Array | undefined {
  try {
    return updates.length > 1 ? Y.mergeUpdates([...updates]) : updates[0]
  } catch {
    return undefined
  }
}

/** A piece of what came over the wire would keep all of that in memory. */
const alone = (update: Uint8Array) => (update.length === update.buffer.byteLength ? update : new Uint8Array(update))
