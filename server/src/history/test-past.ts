import { createId, docPath, readSettings, silentLog, type Clock, type DocRef, type Id } from '@tandem/shared'
import { openFiles } from '@tandem/shared/docs'
import { fakeClock } from '@tandem/shared/testing'
import * as Y from 'yjs'
import { openMemoryBlobs } from '../store/blobs-memory.ts'
import { openLog } from '../store/log.ts'
import type { AppendMeta, Store } from '../store/store.ts'
import { createPens } from '../sync/pens.ts'
import type { Ground } from './ground.ts'
import { openHistory } from './history.ts'

/** For tests: a log, the documents it keeps, and their history, without sockets. */
export async function openPast(store: Store, { clock = fakeClock() as Clock } = {}) {
  const updates = await openLog({
    store,
    settings: readSettings({ flags: { snapshotTailBytes: 500 } }),
    log: silentLog,
    clock,
  })
  const serverId = createId()
  const loaded = new Map<string, Y.Doc>()
  const load = async (ref: DocRef): Promise<Y.Doc> => {
    const path = docPath(ref)
    const known = loaded.get(path)
    if (known) return known
    const doc = new Y.Doc()
    loaded.set(path, doc)
    const update = await updates.load(path)
    if (update) Y.applyUpdate(doc, update)
    doc.on('update', (u: Uint8Array, meta: AppendMeta) =>
      updates.append(path, u, meta, () => Y.encodeStateAsUpdate(doc)),
    )
    return doc
  }
  const asAuthor = createPens()
  const write = <T>(doc: Y.Doc, meta: AppendMeta, work: () => T): T =>
    asAuthor(doc, meta, () => doc.transact(work, meta))
  const ground: Ground = {
    hold: async (ref) => ({ doc: await load(ref), release: () => {} }),
    change: async (ref, meta, work) => {
      const doc = await load(ref)
      const result = write(doc, meta, () => work(doc))
      await updates.pending(docPath(ref))
      return result
    },
    changeEach: async (refs, meta, plan) => {
      const docs = await Promise.all(refs.map(load))
      for (const [i, work] of plan(docs).entries()) write(docs[i] as Y.Doc, meta, work)
      await Promise.all(refs.map(async (ref) => updates.pending(docPath(ref))))
    },
    peek: async (ref, look) => look(await load(ref)),
  }
  const history = await openHistory({
    store,
    updates,
    blobs: openMemoryBlobs(),
    ground,
    people: (id, cause) => ({ id, name: id, kind: 'person', ...(cause && { cause }) }),
    serverId,
    maxTextBytes: 1_000_000,
    clock,
    log: silentLog,
  })
  /** A file with a text, as its author would make it. */
  const create = async (path: string, text: string, author: Id): Promise<Id> => {
    const id = createId()
    const meta = { author, origin: 'rest' } as const
    await ground.change({ kind: 'file', fileId: id }, meta, (doc) => doc.getText('content').insert(0, text))
    await ground.change({ kind: 'files' }, meta, (doc) => openFiles(doc).create(path, 'text', undefined, id))
    return id
  }
  return { updates, history, ground, load, create }
}
