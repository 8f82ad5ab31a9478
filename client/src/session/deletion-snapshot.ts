import type { Id } from '@tandem/shared'
import * as Y from 'yjs'
import type { Session } from './session.ts'

/**
 * The state of a file's text at this moment, as a tombstone keeps it, where the file is open here: so that an edit
 * made later, or elsewhere and offline, can be told from what was deleted and is not lost with it.
 */
export function deletionSnapshot(session: Session, fileId: Id): string | undefined {
  const doc = session.peek({ kind: 'file', fileId })
  if (!doc) return undefined
  return btoa(String.fromCharCode(...Y.encodeSnapshot(Y.snapshot(doc))))
}
