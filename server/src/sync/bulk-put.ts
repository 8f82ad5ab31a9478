import { TandemError, docPath, type BulkPut, type DocRef, type Settings } from '@tandem/shared'
import { draftDoc } from '@tandem/shared/docs'
import * as Y from 'yjs'
import type { UpdateLog } from '../store/log.ts'
import type { AppendMeta } from '../store/store.ts'
import type { Documents } from './documents.ts'

type Deps = {
  documents: Pick<Documents, 'put' | 'read'>
  updates: Pick<UpdateLog, 'stat' | 'pending'>
  settings: Pick<Settings, 'maxDocBytes'>
}
type Outcome = { outcome: 'created' | 'updated' | 'existing'; durable: Promise<void> | undefined }

/**
 * One document of a bulk put, by the rules of the socket's door: readable, within the limits, and building upon nothing
 * that the server does not have. What is there already is not written again, so that a put may be repeated. Throws a
 * `TandemError` about this document, or about the store.
 */
export function createBulkPut({ documents, updates, settings }: Deps) {
  return async (
    doc: DocRef,
    update: Uint8Array,
    meta: AppendMeta,
    { mode, room }: { mode: BulkPut['mode']; room: number },
  ): Promise<Outcome> => {
    const path = docPath(doc)
    if (mode === 'absent') {
      if (room <= 0 && !updates.stat(path))
        throw new TandemError('rate-limited', { reason: 'the workspace has as many documents as it may', doc: path })
      const { created, durable } = await documents.put(doc, update, meta, { onlyIfAbsent: true })
      return { outcome: created ? 'created' : 'existing', durable }
    }
    const whole = await documents.read(doc)
    if (!whole) throw new TandemError('not-found', { reason: 'there is no such document', doc: path })
    const change = changeOf(update, whole)
    if (change === 'gap')
      throw new TandemError('conflict', { reason: 'it builds upon what this document does not have', doc: path })
    if (change === 'none') return { outcome: 'existing', durable: updates.pending(path) }
    if (change === 'adds' && whole.length + update.length > settings.maxDocBytes) {
      const limit = settings.maxDocBytes
      throw new TandemError('too-large', { reason: 'the document would be too large', doc: path, limit })
    }
    const { durable } = await documents.put(doc, update, meta)
    return { outcome: 'updated', durable }
  }
}

/** What an update would do to a document that is given whole. */
function changeOf(update: Uint8Array, whole: Uint8Array): 'adds' | 'deletes' | 'none' | 'gap' {
  const has = Y.decodeStateVector(Y.encodeStateVectorFromUpdate(whole))
  const { from, to } = readable(update)
  for (const [client, clock] of from) if (clock > (has.get(client) ?? 0)) return 'gap'
  for (const [client, clock] of to) if (clock > (has.get(client) ?? 0)) return 'adds'
  // What only deletes shows in no state vector: it is tried on a copy.
  const copy = draftDoc()
  Y.applyUpdate(copy, whole)
  let moved = false
  copy.on('update', () => (moved = true))
  Y.applyUpdate(copy, update)
  copy.destroy()
  return moved ? 'deletes' : 'none'
}

function readable(update: Uint8Array): { from: Map<number, number>; to: Map<number, number> } {
  try {
    return Y.parseUpdateMeta(update)
  } catch (e) {
    throw new TandemError('bad-request', { reason: 'the update cannot be read' }, e)
  }
}
