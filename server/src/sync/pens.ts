import { randomInt } from 'node:crypto'
import * as Y from 'yjs'
import type { AppendMeta } from '../store/store.ts'

/**
 * What the server writes in somebody's name must carry ids of theirs, or the first caller would own what all others
 * write. Each principal has, for each cause, a Yjs client id of its own in each loaded copy of a document. A copy holds
 * all of its own changes for as long as it lives, and ids end with it, so that no two copies ever write with one id. A
 * restore gets a fresh one each time: what it brings back is told apart from what its caller writes.
 */
export function createPens(now: () => number = Date.now): <T>(doc: Y.Doc, meta: AppendMeta, work: () => T) => T {
  const idsByDoc = new WeakMap<Y.Doc, Map<string, number>>()
  const idOf = (doc: Y.Doc, { author, origin, cause }: AppendMeta): number => {
    if (cause?.restoredFrom !== undefined) return unused(doc)
    const ids = idsByDoc.get(doc) ?? new Map<string, number>()
    idsByDoc.set(doc, ids)
    const key = JSON.stringify([author, cause?.task, cause?.run])
    const id = ids.get(key) ?? (origin === 'server' ? rising(doc, now()) : unused(doc))
    ids.set(key, id)
    return id
  }
  return (doc, meta, work) => {
    const own = doc.clientID
    doc.clientID = idOf(doc, meta)
    try {
      return work()
    } finally {
      doc.clientID = own
    }
  }
}

/** In steps shorter than any restart; their numbers have room until 2060. */
const since = Date.UTC(2026)
const stepMs = 250

/**
 * Of two that wrote the same record at once, Yjs shows what the higher id wrote. A server that was killed may have told
 * of a change that never came to its disk: what the next one writes there must win wherever that was heard, for good.
 */
function rising(doc: Y.Doc, now: number): number {
  for (let id = Math.floor((now - since) / stepMs) % 2 ** 32; ; id++) if (!doc.store.clients.has(id)) return id
}

function unused(doc: Y.Doc): number {
  for (;;) {
    const id = randomInt(2 ** 32)
    if (!doc.store.clients.has(id)) return id
  }
}
