import type { Document, Hocuspocus } from '@hocuspocus/server'
import { createId, docName, docPath, readSettings, silentLog, type Cause, type Id } from '@tandem/shared'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { openLog } from '../store/log.ts'
import { openMemoryStore } from '../store/memory.ts'
import { createDocuments } from './documents.ts'
import type { Context } from './doors.ts'
import type { LocalOrigin } from './hocuspocus.ts'

test('[LOG-32] what is put while one load ends and the next begins reaches the loaded copy as well', async () => {
  const place = { workspaceId: createId(), epoch: createId() }
  const doc = { kind: 'file', fileId: createId() } as const
  const name = docName(place, doc)
  const [loads, loaded] = [new Map<string, Promise<unknown>>(), new Map<string, unknown>()]
  const engine = { loadingDocuments: loads, documents: loaded } as unknown as Hocuspocus<Context>
  const settings = readSettings({})
  const updates = await openLog({ store: openMemoryStore(), settings, log: silentLog })
  const documents = createDocuments({ engine, updates, place, settings, log: silentLog })

  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  loads.set(name, first.promise)
  // Whoever waited for the first load before us opens the document anew in the moment in which it ends.
  void first.promise.then(() => loads.set(name, second.promise))
  const text = new Y.Doc()
  text.getText('content').insert(0, 'hello')
  const put = documents.put(doc, Y.encodeStateAsUpdate(text), { author: createId(), origin: 'bulk' })
  const copy = new Y.Doc()
  void second.promise.then(() => {
    loads.delete(name)
    loaded.set(name, copy as Document)
  })
  first.resolve()
  await first.promise
  second.resolve()
  await put
  expect(copy.getText('content').toString()).toBe('hello')
})

test('[LOG-37] what the server writes in somebody’s name is theirs, however many it writes for, and tells its cause', async () => {
  const place = { workspaceId: createId(), epoch: createId() }
  const doc = { kind: 'file', fileId: createId() } as const
  const settings = readSettings({})
  const updates = await openLog({ store: openMemoryStore(), settings, log: silentLog })
  const copy = new Y.Doc()
  const loaded = Object.assign(copy, { addDirectConnection: () => {}, removeDirectConnection: () => {} })
  const engine = {
    documents: new Map([[docName(place, doc), loaded]]),
    createDocument: async () => loaded,
  } as unknown as Hocuspocus<Context>
  copy.on('update', (update: Uint8Array, { context }: LocalOrigin) => updates.append(docPath(doc), update, context))
  const documents = createDocuments({ engine, updates, place, settings, log: silentLog })

  const [anna, ben, task] = [createId(), createId(), createId()]
  const write = (author: Id, at: number, words: string, cause?: Cause) =>
    documents.change(doc, { author, origin: 'rest', ...(cause && { cause }) }, (d) =>
      d.getText('content').insert(at, words),
    )
  await write(anna, 0, 'anna ')
  await write(ben, 5, 'ben ')
  await write(anna, 9, 'anna again ')
  await write(ben, 20, 'restored ', { restoredFrom: 1 })
  await write(ben, 29, 'ben for a task ', { task })
  await documents.changeTogether([doc], { author: ben, origin: 'rest', cause: { restoredFrom: 2 } }, () =>
    copy.getText('content').insert(44, 'restored again'),
  )

  const runs: [string, Id | undefined, Cause | undefined][] = []
  for (let item = copy.getText('content')._start; item; item = item.right) {
    const author = updates.authors.of(item.id.client)
    runs.push([(item.content as Y.ContentString).str, author?.principal, author?.cause])
  }
  expect(runs).toEqual([
    ['anna ', anna, undefined],
    ['ben ', ben, undefined],
    ['anna again ', anna, undefined],
    ['restored ', ben, { restoredFrom: 1 }],
    ['ben for a task ', ben, { task }],
    ['restored again', ben, { restoredFrom: 2 }],
  ])
  // Two callers and three causes: an id for each, however often they write.
  expect(copy.store.clients.size).toBe(5)
})

test('[LOG-55] thousands of documents change in one step, and none where one of them cannot', async () => {
  const place = { workspaceId: createId(), epoch: createId() }
  const settings = readSettings({})
  const updates = await openLog({ store: openMemoryStore(), settings, log: silentLog })
  const refs = Array.from({ length: 5_000 }, () => ({ kind: 'file', fileId: createId() }) as const)
  const byName = new Map<string, Y.Doc>()
  let holds = 0
  for (const ref of refs) {
    const counted = { addDirectConnection: () => (holds += 1), removeDirectConnection: () => (holds -= 1) }
    const doc = Object.assign(new Y.Doc(), counted)
    doc.on('update', (update: Uint8Array, { context }: LocalOrigin) => updates.append(docPath(ref), update, context))
    byName.set(docName(place, ref), doc)
  }
  const engine = {
    documents: byName,
    createDocument: async (name: string) => byName.get(name) ?? Promise.reject(new Error('damaged')),
  } as unknown as Hocuspocus<Context>
  const documents = createDocuments({ engine, updates, place, settings, log: silentLog })
  const write = (docs: readonly Y.Doc[]) => docs.map((doc) => () => doc.getText('content').insert(0, 'x'))
  const meta = { author: createId(), origin: 'rest' } as const
  const damaged = { kind: 'file', fileId: createId() } as const
  await expect(documents.changeEach([...refs, damaged], meta, write)).rejects.toThrow('damaged')
  expect([updates.head(), holds]).toEqual([0, 0])
  await documents.changeEach(refs, meta, write)
  expect([updates.head(), holds]).toEqual([5_000, 0])
})
