import { request } from 'node:http'
import {
  TandemError,
  createId,
  encodeBulkFrame,
  bulkFrames,
  feedFrames,
  type BulkFrame,
  type FeedFrame,
} from '@tandem/shared'
import { expect, onTestFinished, test, vi } from 'vitest'
import * as Y from 'yjs'
import { openMemoryStore } from '../store/memory.ts'
import { acknowledged, testClient, testServer, type TestServer } from '../test-server.ts'

const newFile = () => ({ kind: 'file', fileId: createId() }) as const

/** Follows the feed; `frames` grows as it comes. */
async function follow(server: TestServer, since?: string, headers: Record<string, string> = {}) {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const answer = await server.inWorkspace(`/feed${since === undefined ? '' : `?since=${since}`}`, {
    signal: stop.signal,
    headers,
  })
  expect(answer.status).toBe(200)
  const frames: FeedFrame[] = []
  const reading = (async () => {
    for await (const f of feedFrames(answer.body as ReadableStream<Uint8Array>)) if (f.t !== 'ping') frames.push(f)
  })().catch(() => {}) // aborted by the test's end
  const moved = () => frames.flatMap((f) => (f.t === 'moved' ? [f.doc] : []))
  const caughtUp = () =>
    vi.waitUntil(() => frames.filter((f) => f.t === 'at').length === 2, { interval: 5, timeout: 5_000 })
  const cursor = () => Math.max(...frames.map((f) => ('seq' in f ? f.seq : 0)))
  return { frames, moved, caughtUp, cursor, stop, reading }
}

test('[LOG-3] the feed tells the past once for each document, says where it stands, and goes on live', async () => {
  const server = await testServer()
  const [a, b] = [newFile(), newFile()]
  const client = await testClient(server)
  const [first, second] = [await client.open(a), await client.open(b)]
  for (let i = 0; i < 3; i++) {
    first.text.insert(0, 'x')
    await acknowledged(first.provider)
  }
  second.text.insert(0, 'y')
  await acknowledged(second.provider)

  const feed = await follow(server)
  await feed.caughtUp()
  expect(feed.frames[0]).toEqual({ t: 'at', generation: 1, seq: 0 })
  expect(feed.moved().filter((doc) => doc.startsWith('file/'))).toEqual([`file/${a.fileId}`, `file/${b.fileId}`])
  first.text.insert(0, 'z')
  await vi.waitFor(() => expect(feed.moved().filter((doc) => doc === `file/${a.fileId}`)).toHaveLength(2))
  const seqs = feed.frames.slice(1).map((f) => ('seq' in f ? f.seq : 0))
  expect(seqs).toEqual(seqs.toSorted((x, y) => x - y))
})

test('[LOG-3] resumed from any cursor under load, it misses nothing', { timeout: 20_000 }, async () => {
  const server = await testServer()
  const client = await testClient(server)
  const docs = await Promise.all(Array.from({ length: 10 }, async () => client.open(newFile())))
  /** As a daemon keeps it: the newest cursor, and which documents it has heard of since when. */
  let cursor = 0
  const heard = new Map<string, number>()
  for (let round = 0; round < 12; round++) {
    const feed = await follow(server, `1.${cursor}`)
    for (const { text } of docs.filter((_, i) => (i + round) % 3 === 0)) text.insert(0, 'x')
    if (round % 2) await feed.caughtUp()
    else await new Promise((resolve) => setImmediate(resolve))
    feed.stop.abort()
    await feed.reading
    for (const f of feed.frames) if (f.t === 'moved') heard.set(f.doc, f.seq)
    if (feed.frames.length > 0) cursor = Math.max(cursor, feed.cursor())
  }
  await Promise.all(docs.map(({ provider }) => acknowledged(provider)))
  const last = await follow(server, `1.${cursor}`)
  await last.caughtUp()
  for (const f of last.frames) if (f.t === 'moved') heard.set(f.doc, f.seq)
  const whole = await follow(server)
  await whole.caughtUp()
  for (const f of whole.frames) if (f.t === 'moved' && f.doc.startsWith('file/')) expect(heard.get(f.doc)).toBe(f.seq)
})

test('[LOG-3] a cursor of another generation, or from the future, starts over', async () => {
  const server = await testServer()
  const { text, provider } = await (await testClient(server)).open(newFile())
  text.insert(0, 'x')
  await acknowledged(provider)
  for (const since of ['2.1', '1.999999']) {
    const feed = await follow(server, since)
    await feed.caughtUp()
    expect(feed.frames[0]).toEqual({ t: 'at', generation: 1, seq: 0 })
    expect(feed.moved().length).toBeGreaterThan(0)
  }
  expect((await server.inWorkspace('/feed?since=x')).status).toBe(400)
})

test("[ACC-2] a person's own documents are not in the feed of another", async () => {
  const server = await testServer()
  const daemon = await server.access({ daemon: { id: createId(), name: 'd' } })
  const client = await testClient(server)
  const own = await client.open({
    kind: 'requests',
    principal: client.claims.principal,
    session: client.claims.session,
  })
  own.doc.getMap('other').set('x', 1)
  await acknowledged(own.provider)
  const ofOwner = await follow(server)
  const ofDaemon = await follow(server, undefined, { authorization: `Bearer ${daemon.token}` })
  await Promise.all([ofOwner.caughtUp(), ofDaemon.caughtUp()])
  expect(ofOwner.moved().some((doc) => doc.startsWith('requests/'))).toBe(true)
  expect(ofDaemon.moved().some((doc) => doc.startsWith('requests/'))).toBe(false)
})

const seed = (content: string) => {
  const doc = new Y.Doc()
  doc.getText('content').insert(0, content)
  return Y.encodeStateAsUpdate(doc)
}
const put = (server: TestServer, frames: BulkFrame[], headers: Record<string, string> = {}) =>
  server.inWorkspace('/bulk/put', { method: 'POST', headers, body: Buffer.concat(frames.map(encodeBulkFrame)) })

async function read(server: TestServer, docs: string[]): Promise<BulkFrame[]> {
  const answer = await server.inWorkspace('/bulk/read', { method: 'POST', body: JSON.stringify({ docs }) })
  const out: BulkFrame[] = []
  for await (const f of bulkFrames(answer.body as ReadableStream<Uint8Array>)) out.push(f)
  return out
}

test(
  '[LOG-4] a thousand documents are put at once, on disk when answered, and read back',
  { timeout: 20_000 },
  async () => {
    const first = await testServer()
    const frames = Array.from({ length: 1_000 }, (_, i) => ({ doc: `file/${createId()}`, update: seed(`file ${i}`) }))
    const answer = await put(first, frames)
    expect(await answer.json()).toMatchObject({ created: 1_000, existing: [], seq: expect.any(Number) })
    await first.end()
    const second = await testServer({ dataDir: first.dataDir, ownerKey: first.ownerKey })
    expect(
      await read(
        second,
        frames.map((f) => f.doc),
      ),
    ).toEqual(frames)
  },
)

test('[LOG-4] put never overwrites what is there, and names it', async () => {
  const server = await testServer()
  const doc = `file/${createId()}`
  const mine = { doc, update: seed('mine') }
  await put(server, [mine])
  expect(await (await put(server, [{ doc, update: seed('yours') }])).json()).toMatchObject({
    created: 0,
    existing: [doc],
  })
  expect(await read(server, [doc, `file/${createId()}`])).toEqual([mine, { doc: expect.any(String) }])
})

test('[LOG-28] one damaged document is told as such; the others of the same reading come whole', async () => {
  const store = openMemoryStore()
  const first = await testServer({ store })
  const frames = ['one', 'two', 'three'].map((text) => ({ doc: `file/${createId()}`, update: seed(text) }))
  await put(first, frames)
  await first.end()
  const entries: typeof store.entries = (...range) => {
    if (range[0] === frames[1]?.doc) throw new TandemError('store-corrupt')
    return store.entries(...range)
  }
  const second = await testServer({ store: { ...store, entries }, ownerKey: first.ownerKey })
  const docs = frames.map((f) => f.doc)
  expect(await read(second, docs)).toEqual([frames[0], { doc: docs[1], damaged: true }, frames[2]])
})

test('[LOG-4] [LOG-25] a daemon puts as itself, and its Yjs client id is its own', async () => {
  const server = await testServer()
  const daemon = await server.access({ daemon: { id: createId(), name: 'd' } })
  const answer = await put(server, [{ doc: `file/${createId()}`, update: seed('x') }], {
    authorization: `Bearer ${daemon.token}`,
  })
  expect(answer.status).toBe(200)
})

test('[ACC-1] bulk refuses what a socket would: documents of the server, and nonsense', async () => {
  const server = await testServer()
  expect((await put(server, [{ doc: 'tasks', update: seed('x') }])).status).toBe(403)
  expect((await put(server, [{ doc: 'file/x', update: seed('x') }])).status).toBe(404)
  expect((await put(server, [{ doc: `file/${createId()}`, update: Uint8Array.of(9, 9, 9) }])).status).toBe(400)
  expect((await read(server, ['files'])).length).toBe(1)
})

test('[LOG-3] a reader that goes away leaves nothing behind', async () => {
  const server = await testServer()
  const before = await new Promise<number>((resolve, reject) => {
    const url = new URL(`${server.url}/api/v1/workspaces/${server.workspaceId}/feed`)
    const asked = request(url, { headers: { authorization: `Bearer ${server.ownerKey}` } }, (answer) => {
      answer.once('data', () => {
        asked.destroy()
        resolve(answer.statusCode ?? 0)
      })
    })
    asked.on('error', reject)
    asked.end()
  })
  expect(before).toBe(200)
  await server.end()
})
