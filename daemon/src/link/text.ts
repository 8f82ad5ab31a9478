import { docPath, type HunkText, type Id, type TextEdit } from '@tandem/shared'
import {
  applyEdits,
  applyPrepared,
  draftDoc,
  fits,
  includesState,
  openFile,
  prepareAlike,
  prepareEdits,
  readFileUpdate,
  replayOn,
  stateOf,
  traceEdits,
} from '@tandem/shared/docs'
import * as Y from 'yjs'
import type { Documents } from './documents.ts'
import type { Writers } from './writers.ts'

/** The origin of what the disk says. */
const origin = 'disk'

const pathOf = (fileId: Id) => docPath({ kind: 'file', fileId })

/** One file's document, open and in sync, as the mirror uses it. */
export async function openText(documents: Documents, writers: Writers, fileId: Id, signal: AbortSignal) {
  const attached = documents.attach({ kind: 'file', fileId })
  try {
    await attached.synced(signal)
  } catch (e) {
    attached.release()
    throw e
  }
  const { doc } = attached
  const path = pathOf(fileId)
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
    prepare: (edits: readonly TextEdit[], task?: Id) => {
      const alike = alikeWith(writers, path, doc, edits, task)
      if (alike) return alike
      writers.takeUp(path, doc, task)
      return prepareEdits(doc, edits, origin)
    },
    apply: (update: Uint8Array) => {
      applyPrepared(doc, update, origin)
      writers.wrote(path, doc)
    },
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

/** A file's document read whole, once: it can be changed without being opened, by an update that is sent in bulk. */
export function readText(writers: Writers, fileId: Id, whole: Uint8Array | undefined) {
  return {
    ...readFileUpdate(whole),
    replay: (update: Uint8Array) => replayOn(whole, update),
    /** With `isTraced` also what the edits are as hunks, but where others make them alike: then nobody's own. */
    prepare: (edits: readonly TextEdit[], task?: Id, isTraced = false) => {
      const doc = draftDoc()
      if (whole) Y.applyUpdate(doc, whole)
      const alike = alikeWith(writers, pathOf(fileId), doc, edits, task)
      let update = alike ?? new Uint8Array()
      let hunks: HunkText[] | undefined
      if (alike) Y.applyUpdate(doc, alike)
      else {
        writers.takeUp(pathOf(fileId), doc, task)
        doc.on('update', (u: Uint8Array) => (update = new Uint8Array(u)))
        if (isTraced) hunks = traceEdits(doc.getText('content'), edits, origin)
        else applyEdits(doc.getText('content'), edits, origin)
        writers.wrote(pathOf(fileId), doc)
      }
      const state = stateOf(doc)
      doc.destroy()
      return { update, state, ...(hunks && { hunks }) }
    },
  }
}

/** The update as every other mirror would make it that finds the same change; undefined where there is none, or it cannot be. */
function alikeWith(writers: Writers, path: string, doc: Y.Doc, edits: readonly TextEdit[], task: Id | undefined) {
  const idOf = writers.alike(path, task)
  return idOf && prepareAlike(doc, edits, origin, idOf)
}
