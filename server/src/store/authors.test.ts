import { createId, docPath, silentLog, readSettings, type FromDaemon } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test, vi } from 'vitest'
import { acknowledged, testClient, testServer } from '../test-server.ts'
import { openAuthors } from './authors.ts'
import { openLog } from './log.ts'
import { openMemoryStore } from './memory.ts'
import { all } from './store.suite.ts'

const anna = createId()
const ben = createId()
const task = createId()

test('[LOG-43] an id is whose it was first; a word about its cause may come a moment after its first change', async () => {
  const store = openMemoryStore()
  const clock = fakeClock(5_000)
  const authors = await openAuthors(store, clock)
  expect(authors.see([1], { principal: anna })).toMatchObject({ writes: [{ key: '1' }], via: [], cause: undefined })
  expect(authors.declare([1, 2], { principal: ben, cause: { task } })).toMatchObject([{ key: '2' }])
  expect(authors.of(1)).toEqual({ principal: anna, at: 5_000 })
  expect(authors.see([1, 2], { principal: anna })).toEqual({ writes: [], via: [2], cause: undefined })
  expect(authors.see([2], { principal: ben })).toEqual({ writes: [], via: [], cause: { task } })
  clock.advance(1)
  const writes = authors.declare([1], { principal: anna, cause: { run: task } })
  expect(authors.of(1)).toEqual({ principal: anna, at: 5_000, cause: { run: task } })
  expect(authors.declare([1], { principal: anna, cause: { task } })).toEqual([])
  await store.commit(writes)
  expect((await openAuthors(store, clock)).of(1)).toEqual({ principal: anna, at: 5_000, cause: { run: task } })
})

test('[LOG-43] what a daemon writes under an id that it declared has the cause that it named', async () => {
  const store = openMemoryStore()
  const server = await testServer({ store })
  const daemon = { id: createId(), name: 'laptop' }
  const client = await testClient(server, { daemon })
  const own = await client.open({ kind: 'daemon', daemonId: daemon.id })
  const doc = { kind: 'file', fileId: createId() } as const
  const file = await client.open(doc)
  const message: FromDaemon = { t: 'writes-as', clients: [file.doc.clientID], cause: { task } }
  own.provider.sendStateless(JSON.stringify(message))
  await vi.waitFor(async () => expect(await store.read('authors', String(file.doc.clientID))).toBeDefined())
  file.text.insert(0, 'made by a task')
  await acknowledged(file.provider)
  const [entry] = await all(store.entries(docPath(doc)))
  expect(entry).toMatchObject({ author: daemon.id, origin: 'socket', cause: { task } })
  const log = await openLog({ store, settings: readSettings({}), log: silentLog })
  expect(log.authors.of(file.doc.clientID)).toMatchObject({ principal: daemon.id, cause: { task } })
})
