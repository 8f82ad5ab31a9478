import {
  TandemError,
  bulkFrames,
  createId,
  docPath,
  encodeBulkFrame,
  type BulkFrame,
  type BulkPutAnswer,
} from '@tandem/shared'
import { expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { openMemoryStore } from '../store/memory.ts'
import type { Entry } from '../store/store.ts'
import { acknowledged, testClient, testServer, type TestServer } from '../test-server.ts'

const seed = (content: string, clientId?: number) => {
  const doc = new Y.Doc()
  if (clientId !== undefined) doc.clientID = clientId
  doc.getText('content').insert(0, content)
  return Y.encodeStateAsUpdate(doc)
}
/** What adding this to the end of a document is, as one update. */
const append = (whole: Uint8Array, more: string, clientId?: number): Uint8Array => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, whole)
  if (clientId !== undefined) doc.clientID = clientId
  const before = Y.encodeStateVector(doc)
  doc.getText('content').insert(doc.getText('content').length, more)
  return Y.encodeStateAsUpdate(doc, before)
}
const textOf = (update: Uint8Array | undefined) => {
  const doc = new Y.Doc()
  if (update) Y.applyUpdate(doc, update)
  return doc.getText('content').toString()
}
const body = (frames: BulkFrame[]) => Buffer.concat(frames.map(encodeBulkFrame))
const send = (server: TestServer, frames: BulkFrame[], query = '', headers: Record<string, string> = {}) =>
  server.inWorkspace(`/bulk/put${query}`, { method: 'POST', headers, body: body(frames) })
async function put(...given: Parameters<typeof send>): Promise<BulkPutAnswer> {
  const answer = await send(...given)
  expect(answer.status).toBe(200)
  return (await answer.json()) as BulkPutAnswer
}

async function read(server: TestServer, docs: string[]): Promise<BulkFrame[]> {
  const answer = await server.inWorkspace('/bulk/read', { method: 'POST', body: JSON.stringify({ docs }) })
  const out: BulkFrame[] = []
  for await (const f of bulkFrames(answer.body as ReadableStream<Uint8Array>)) out.push(f)
  return out
}
async function readOne(server: TestServer, doc: string): Promise<string> {
  return textOf((await read(server, [doc]))[0]?.update)
}
const newDoc = () => `file/${createId()}`

test(
  '[LOG-4] a thousand documents are put at once, on disk when answered, and read back',
  { timeout: 20_000 },
  async () => {
    const first = await testServer()
    const frames = Array.from({ length: 1_000 }, (_, i) => ({ doc: newDoc(), update: seed(`file ${i}`) }))
    expect(await put(first, frames)).toMatchObject({ created: 1_000, existing: [], seq: expect.any(Number) })
    await first.end()
    const second = await testServer({ dataDir: first.dataDir, ownerKey: first.ownerKey })
    const docs = frames.map((f) => f.doc)
    expect(await read(second, docs)).toEqual(frames)
  },
)

test('[LOG-4] put never overwrites what is there, and names it', async () => {
  const server = await testServer()
  const doc = newDoc()
  const mine = { doc, update: seed('mine') }
  await put(server, [mine])
  expect(await put(server, [{ doc, update: seed('yours') }])).toMatchObject({ created: 0, existing: [doc] })
  expect(await read(server, [doc, newDoc()])).toEqual([mine, { doc: expect.any(String) }])
})

test('[LOG-93] many documents are changed at once: those nobody has open, and those that somebody edits', async () => {
  const server = await testServer()
  const [open, closed] = [{ kind: 'file', fileId: createId() } as const, newDoc()]
  const client = await testClient(server)
  const editor = await client.open(open)
  const docs = [`file/${open.fileId}`, closed]
  await put(server, docs.map((doc) => ({ doc, update: seed('one') })).slice(1))
  editor.text.insert(0, 'one')
  await expect.poll(() => readOne(server, docs[0] ?? '')).toBe('one')
  const wholes = await read(server, docs)
  const frames = wholes.map(({ doc, update }) => ({ doc, update: append(update ?? new Uint8Array(), ' two') }))
  expect(await put(server, frames, '?mode=update')).toMatchObject({ created: 0, updated: 2, existing: [], refused: [] })
  await expect.poll(() => editor.text.toString()).toBe('one two')
  expect(await readOne(server, closed)).toBe('one two')
})

test('[LOG-94] putting twice changes nothing, neither text nor history', async () => {
  const store = openMemoryStore()
  const server = await testServer({ store })
  const doc = newDoc()
  const whole = seed('one')
  const more = append(whole, ' two')
  const shorter = new Y.Doc()
  Y.applyUpdate(shorter, Y.mergeUpdates([whole, more]))
  const before = Y.encodeStateVector(shorter)
  shorter.getText('content').delete(0, 4)
  const less = Y.encodeStateAsUpdate(shorter, before)
  await put(server, [{ doc, update: whole }])
  for (const update of [more, less])
    expect(await put(server, [{ doc, update }], '?mode=update')).toMatchObject({ updated: 1 })
  const entries = async () => {
    const out: Entry[] = []
    for await (const e of store.entries(doc)) out.push(e)
    return out.length
  }
  const had = await entries()
  await put(server, [{ doc, update: whole }])
  for (const update of [more, less])
    expect(await put(server, [{ doc, update }], '?mode=update')).toMatchObject({ updated: 0, existing: [doc] })
  expect(await entries()).toBe(had)
  expect(await readOne(server, doc)).toBe('two')
})

test('[LOG-95] one bad document is named and does not take the others with it', async () => {
  const server = await testServer({ flags: { maxDocBytes: 4_000 } })
  const [good, also, there] = [newDoc(), newDoc(), newDoc()]
  const [garbage, large, absent] = [newDoc(), newDoc(), newDoc()]
  const answer = await put(server, [
    { doc: good, update: seed('good') },
    { doc: 'tasks', update: seed('x') },
    { doc: 'file/x', update: seed('x') },
    { doc: garbage, update: Uint8Array.of(9, 9, 9) },
    { doc: large, update: seed('x'.repeat(5_000)) },
    { doc: there },
    { doc: also, update: seed('also') },
  ])
  expect(answer.created).toBe(2)
  expect(answer.refused.map(({ doc, code }) => [doc, code])).toEqual([
    ['tasks', 'forbidden'],
    ['file/x', 'not-found'],
    [garbage, 'bad-request'],
    [large, 'too-large'],
    [there, 'bad-request'],
  ])
  const theirs = seed('good', 7)
  const gap = append(Y.mergeUpdates([theirs, append(theirs, '!', 7)]), '?', 7)
  const changed = await put(
    server,
    [
      { doc: good, update: gap },
      { doc: absent, update: seed('x') },
      { doc: also, update: append((await read(server, [also]))[0]?.update ?? gap, 'x'.repeat(4_000)) },
      { doc: also, update: append((await read(server, [also]))[0]?.update ?? gap, '!') },
    ],
    '?mode=update',
  )
  expect(changed).toMatchObject({ updated: 1 })
  expect(changed.refused.map(({ doc, code }) => [doc, code])).toEqual([
    [good, 'conflict'],
    [absent, 'not-found'],
    [also, 'too-large'],
  ])
  expect([await readOne(server, good), await readOne(server, also)]).toEqual(['good', 'also!'])
})

test('[LOG-95] no more documents than the workspace may have', async () => {
  const server = await testServer({ flags: { maxDocs: 20 } })
  const frames = Array.from({ length: 30 }, () => ({ doc: newDoc(), update: seed('x') }))
  const { created, refused } = await put(server, frames)
  expect(created).toBeLessThanOrEqual(20)
  expect(created + refused.length).toBe(30)
  expect(new Set(refused.map((r) => r.code))).toEqual(new Set(['rate-limited']))
  // What is there is not in the way of itself.
  expect(await put(server, frames.slice(0, created))).toMatchObject({ refused: [] })
})

test('[LOG-96] a stream that is cut answers nothing, keeps what came whole, and may be sent again', async () => {
  const server = await testServer()
  const frames = Array.from({ length: 20 }, (_, i) => ({ doc: newDoc(), update: seed(`file ${i}`) }))
  const whole = body(frames)
  const cut = await server.inWorkspace('/bulk/put', { method: 'POST', body: whole.subarray(0, whole.length - 5) })
  expect(cut.status).toBe(400)
  const again = await put(server, frames)
  expect(again.created + again.existing.length).toBe(20)
  expect(
    (
      await read(
        server,
        frames.map((f) => f.doc),
      )
    ).map((f) => textOf(f.update)),
  ).toEqual(frames.map((_, i) => `file ${i}`))
})

test('[LOG-28] one damaged document is told as such; the others of the same reading come whole', async () => {
  const store = openMemoryStore()
  const first = await testServer({ store })
  const frames = ['one', 'two', 'three'].map((text) => ({ doc: newDoc(), update: seed(text) }))
  await put(first, frames)
  await first.end()
  const requireWhole = (doc: string) => {
    if (doc === frames[1]?.doc) throw new TandemError('store-corrupt')
  }
  const entry: typeof store.entry = async (...args) => (requireWhole(args[0]), store.entry(...args))
  const entries: typeof store.entries = (...args) => (requireWhole(args[0]), store.entries(...args))
  const second = await testServer({ store: { ...store, entry, entries }, ownerKey: first.ownerKey })
  const docs = frames.map((f) => f.doc)
  expect(await read(second, docs)).toEqual([frames[0], { doc: docs[1], damaged: true }, frames[2]])
})

test('[LOG-4] [LOG-25] a daemon puts as itself, for the task that caused it, and its Yjs client id is its own', async () => {
  const store = openMemoryStore()
  const server = await testServer({ store })
  const daemon = { id: createId(), name: 'd' }
  const headers = { authorization: `Bearer ${(await server.access({ daemon })).token}` }
  const [doc, task] = [newDoc(), createId()]
  await put(server, [{ doc, update: seed('x', 4_001) }], '', headers)
  await put(server, [{ doc, update: append(seed('x', 4_001), 'y', 4_002) }], `?mode=update&task=${task}`, headers)
  const records = new Map<string, unknown>()
  for await (const [client, record] of store.list('authors')) records.set(client, record)
  expect(records.get('4001')).toEqual({ principal: daemon.id, at: expect.any(Number) })
  expect(records.get('4002')).toEqual({ principal: daemon.id, at: expect.any(Number), cause: { task } })
  expect((await send(server, [], '?task=nobody', headers)).status).toBe(422)
})

test('[ACC-1] bulk refuses what a socket would: viewers, documents of the server, and nonsense', async () => {
  const server = await testServer()
  const answer = await put(server, [{ doc: 'tasks', update: seed('x') }])
  expect(answer).toMatchObject({ created: 0, refused: [{ doc: 'tasks', code: 'forbidden' }] })
  expect((await send(server, [], '?mode=overwrite')).status).toBe(422)
  expect((await read(server, ['files'])).length).toBe(1)
  const foreign = await server.inWorkspace('/bulk/read', {
    method: 'POST',
    body: JSON.stringify({ docs: [`requests/${createId()}/${createId()}`] }),
  })
  expect(foreign.status).toBe(403)
})

test('[LOG-1] [LOG-4] what is read in bulk is on disk by then', async () => {
  const store = openMemoryStore()
  const disk = { hold: undefined as Promise<void> | undefined }
  const server = await testServer({
    store: { ...store, commit: async (...args) => (await disk.hold, store.commit(...args)) },
  })
  const file = { kind: 'file', fileId: createId() } as const
  const writer = await (await testClient(server)).open(file)
  const reader = await (await testClient(server)).open(file)
  writer.text.insert(0, 'kept ')
  await acknowledged(writer.provider)
  const slowly = Promise.withResolvers<void>()
  disk.hold = slowly.promise
  writer.text.insert(5, 'on its way')
  // Peers are told at once.
  await vi.waitFor(() => expect(reader.text.toString()).toBe('kept on its way'))
  let isRead = false
  const asked = readOne(server, docPath(file)).finally(() => (isRead = true))
  for (let i = 0; i < 5; i++) await server.api('/api/health')
  expect(isRead).toBe(false)
  slowly.resolve()
  expect(await asked).toBe('kept on its way')
})

test('[ACC-33] [LOG-95] a stream of nothing but refusals is given up', async () => {
  const server = await testServer()
  const nonsense = Array.from({ length: 10_001 }, () => ({ doc: 'x' }))
  expect((await put(server, nonsense.slice(1))).refused).toHaveLength(10_000)
  expect((await send(server, nonsense)).status).toBe(413)
})
