import { request } from 'node:http'
import { createId, feedFrames, type FeedFrame } from '@tandem/shared'
import { expect, onTestFinished, test, vi } from 'vitest'
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

test('[LOG-90] what is written while the past is told comes after it, and nothing is told twice out of order', async () => {
  const inner = openMemoryStore()
  const asked = Promise.withResolvers<void>()
  const told = Promise.withResolvers<void>()
  const server = await testServer({
    store: {
      ...inner,
      heads: async function* (range) {
        asked.resolve()
        await told.promise
        yield* inner.heads(range)
      },
    },
  })
  const [before, during] = [newFile(), newFile()]
  const client = await testClient(server)
  const first = await client.open(before)
  first.text.insert(0, 'x')
  await acknowledged(first.provider)
  const feed = await follow(server)
  await asked.promise
  const second = await client.open(during)
  second.text.insert(0, 'y')
  first.text.insert(0, 'z')
  await Promise.all([acknowledged(first.provider), acknowledged(second.provider)])
  told.resolve()
  await feed.caughtUp()
  await vi.waitFor(() => expect(feed.moved()).toContain(`file/${during.fileId}`))
  const seqs = feed.frames.slice(1).map((f) => ('seq' in f ? f.seq : 0))
  expect(seqs).toEqual(seqs.toSorted((x, y) => x - y))
  const head = feed.frames.findLastIndex((f) => f.t === 'at')
  expect(feed.frames.slice(0, head).flatMap((f) => (f.t === 'moved' ? [f.doc] : []))).toContain(`file/${before.fileId}`)
  expect(feed.frames.slice(head).flatMap((f) => (f.t === 'moved' ? [f.doc] : []))).toEqual(
    expect.arrayContaining([`file/${before.fileId}`, `file/${during.fileId}`]),
  )
})

test('[LOG-90] a cursor lives through a restart of the server', async () => {
  const first = await testServer()
  const [early, late] = [newFile(), newFile()]
  const one = await (await testClient(first)).open(early)
  one.text.insert(0, 'x')
  await acknowledged(one.provider)
  const feed = await follow(first)
  await feed.caughtUp()
  const cursor = `1.${feed.cursor()}`
  await first.end()
  const second = await testServer({ dataDir: first.dataDir, ownerKey: first.ownerKey })
  const two = await (await testClient(second)).open(late)
  two.text.insert(0, 'y')
  await acknowledged(two.provider)
  const resumed = await follow(second, cursor)
  await resumed.caughtUp()
  expect(resumed.frames[0]).toEqual({ t: 'at', generation: 1, seq: Number(cursor.slice(2)) })
  expect(resumed.moved().filter((doc) => doc.startsWith('file/'))).toEqual([`file/${late.fileId}`])
})

test('[LOG-91] a reader that does not read costs one entry a document, however often it moves', async () => {
  const server = await testServer()
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const answer = await server.inWorkspace('/feed', { signal: stop.signal })
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
  await reader.read()
  const { text, provider } = await (await testClient(server)).open(newFile())
  for (let i = 0; i < 300; i++) {
    text.insert(0, 'x')
    // Each on its own: one that waits for the disk goes with its neighbours.
    if (i % 10 === 0) await acknowledged(provider)
  }
  await acknowledged(provider)
  const last = (await server.inWorkspace('/feed?since=1.0', { signal: stop.signal })).body as ReadableStream<Uint8Array>
  let head = 0
  for await (const f of feedFrames(last)) {
    if (f.t === 'at' && f.seq > 0) head = f.seq
    if (head > 0) break
  }
  reader.releaseLock()
  let told = 0
  for await (const f of feedFrames(answer.body as ReadableStream<Uint8Array>)) {
    if (f.t === 'moved' && f.doc.startsWith('file/')) told += 1
    if ('seq' in f && f.seq >= head) break
  }
  expect(told).toBeGreaterThan(0)
  expect(told).toBeLessThan(300)
})

test('[LOG-92] the feed ends when its caller’s token does, and goes on with a fresh one', async () => {
  const server = await testServer({ flags: { tokenLifeMs: 1_000 } })
  const daemon = { id: createId(), name: 'd' }
  const bearer = async () => ({ authorization: `Bearer ${(await server.access({ daemon })).token}` })
  const feed = await follow(server, undefined, await bearer())
  await feed.caughtUp()
  await feed.reading
  const cursor = feed.cursor()
  const { text, provider } = await (
    await testClient(server, { token: async () => (await server.access()).token })
  ).open(newFile())
  text.insert(0, 'x')
  await acknowledged(provider)
  const resumed = await follow(server, `1.${cursor}`, await bearer())
  await resumed.caughtUp()
  expect(resumed.moved().filter((doc) => doc.startsWith('file/'))).toHaveLength(1)
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

test('[S313] [ACC-33] the streams of one caller are bounded, and one that ends makes room', async () => {
  const server = await testServer({ flags: { maxConnectionsPerPerson: 2 } })
  const open = async () => {
    const ending = new AbortController()
    const answer = await server.inWorkspace('/feed', { signal: ending.signal })
    const reader = answer.body?.getReader()
    await reader?.read()
    return { status: answer.status, end: () => ending.abort() }
  }
  const first = await open()
  expect([first.status, (await open()).status]).toEqual([200, 200])
  expect((await open()).status).toBe(429)
  first.end()
  await expect.poll(async () => (await open()).status, { timeout: 10_000 }).toBe(200)
})
