import type { Log } from '@tandem/shared'
import * as Y from 'yjs'

/**
 * An update whose predecessors are missing changes nothing yet: Yjs parks it and tells nobody. It would be
 * acknowledged all the same, so it is kept in the log like any other; when the missing part comes, both are there.
 */
export function watchPending(doc: Y.Doc, append: (update: Uint8Array, origin: unknown) => void, log: Log): void {
  let structs = doc.store.pendingStructs?.update
  let deletions = doc.store.pendingDs ?? undefined
  doc.on('afterTransaction', (transaction: Y.Transaction) => {
    const { pendingStructs, pendingDs } = doc.store
    if (pendingStructs && !isSame(pendingStructs.update, structs)) {
      log.warn('update waits for a missing one', { missing: pendingStructs.missing.size })
      append(Y.convertUpdateFormatV2ToV1(pendingStructs.update), transaction.origin)
    }
    // Yjs makes this anew with every update while it waits.
    if (pendingDs && !isSame(pendingDs, deletions)) append(Y.convertUpdateFormatV2ToV1(pendingDs), transaction.origin)
    structs = pendingStructs?.update
    deletions = pendingDs ?? undefined
  })
}

const isSame = (a: Uint8Array, b: Uint8Array | undefined) =>
  a === b || (b !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]))
