import * as Y from 'yjs'
import { draftDoc } from './draft.ts'
import { stateOf } from './versions.ts'

/** Where a document, given whole, stands after an update of an earlier life; undefined where it lacks what that builds upon. */
export function replayOn(whole: Uint8Array | undefined, update: Uint8Array): string | undefined {
  const doc = draftDoc()
  if (whole) Y.applyUpdate(doc, whole)
  Y.applyUpdate(doc, update)
  const isWhole = doc.store.pendingStructs === null && doc.store.pendingDs === null
  const state = isWhole ? stateOf(doc) : undefined
  doc.destroy()
  return state
}
