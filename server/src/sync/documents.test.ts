import type { Document, Hocuspocus } from '@hocuspocus/server'
import { createId, docName, readSettings, silentLog } from '@tandem/shared'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { openLog } from '../store/log.ts'
import { openMemoryStore } from '../store/memory.ts'
import { createDocuments } from './documents.ts'
import type { Context } from './doors.ts'

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
