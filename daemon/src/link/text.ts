import type { Id } from '@tandem/shared'
import { applyPrepared, fits, includesState, openFile, prepareEdits, stateOf } from '@tandem/shared/docs'
import * as Y from 'yjs'
import type { Documents } from './documents.ts'

/** The origin of what the disk says. */
const origin = 'disk'

/** One file's document, open and in sync, as the mirror uses it. */
export async function openText(documents: Documents, fileId: Id, signal: AbortSignal) {
  const attached = documents.attach({ kind: 'file', fileId })
  try {
    await attached.synced(signal)
  } catch (e) {
    attached.release()
    throw e
  }
  const { doc } = attached
  const file = openFile(doc)
  const calls = new Set<() => void>()
  const onUpdate = (_update: Uint8Array, by: unknown) => {
    if (by !== origin) for (const call of calls) call()
  }
  doc.on('update', onUpdate)
  return {
    read: () => ({
      text: file.snapshot(),
      state: stateOf(doc),
      includes: (state: string) => includesState(doc, state),
    }),
    prepare: (edits: Parameters<typeof prepareEdits>[1]) => prepareEdits(doc, edits, origin),
    apply: (update: Uint8Array) => applyPrepared(doc, update, origin),
    replay: (update: Uint8Array) => {
      if (!fits(doc, update)) return false
      Y.applyUpdate(doc, update, origin)
      return true
    },
    durable: attached.durable,
    onRemoteChange: (call: () => void) => (calls.add(call), () => void calls.delete(call)),
    close: () => {
      doc.off('update', onUpdate)
      attached.release()
    },
  }
}
