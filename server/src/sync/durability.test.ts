import { createId } from '@tandem/shared'
import { expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { openMemoryStore } from '../store/memory.ts'
import type { Store } from '../store/store.ts'
import { acknowledged, testClient, testServer } from '../test-server.ts'

const newFile = () => ({ kind: 'file', fileId: createId() }) as const

/** A memory store whose disk can fail or hang. */
function troubled() {
  const store = openMemoryStore()
  const disk = { fails: false, hold: undefined as Promise<void> | undefined }
  const wrapped: Store = {
    ...store,
    commit: async (writes, fence) => {
      await disk.hold
      if (disk.fails) throw new Error('no space left')
      await store.commit(writes, fence)
    },
  }
  return { store: wrapped, disk }
}

test('[LOG-1] [S197] what was acknowledged is there after a restart', async () => {
  const doc = newFile()
  const first = await testServer()
  const writer = await (await testClient(first)).open(doc)
  writer.text.insert(0, 'hello')
  await acknowledged(writer.provider)
  await first.end()

  const second = await testServer({ dataDir: first.dataDir, ownerKey: first.ownerKey })
  const reader = await (await testClient(second)).open(doc)
  expect(reader.text.toString()).toBe('hello')
})

test('[LOG-1] while the disk is slow peers see an edit at once, and its writer is not told that it is safe', async () => {
  const { store, disk } = troubled()
  const server = await testServer({ store })
  const doc = newFile()
  const writer = await (await testClient(server)).open(doc)
  const reader = await (await testClient(server)).open(doc)
  const slow = Promise.withResolvers<void>()
  disk.hold = slow.promise
  writer.text.insert(0, 'seen')
  await vi.waitFor(() => expect(reader.text.toString()).toBe('seen'))
  expect(writer.provider.hasUnsyncedChanges).toBe(true)
  slow.resolve()
  await acknowledged(writer.provider)
})

test(
  '[LOG-22] [S89] a failing store closes sockets with 1011, says so, and takes every edit once it works again',
  { timeout: 20_000 },
  async () => {
    const { store, disk } = troubled()
    const server = await testServer({ store })
    const doc = newFile()
    const client = await testClient(server)
    const writer = await client.open(doc)
    const ops = await client.open({ kind: 'ops' })
    await vi.waitFor(() => expect(ops.stateless).toContainEqual({ t: 'store', writable: true }))
    disk.fails = true
    writer.text.insert(0, 'kept')
    await vi.waitFor(() => expect(client.closes.map((c) => c.code)).toContain(1011))
    await vi.waitFor(
      () => expect(ops.stateless).toContainEqual(expect.objectContaining({ t: 'store', writable: false })),
      5_000,
    )
    expect(writer.provider.hasUnsyncedChanges).toBe(true)
    expect((await fetch(`${server.url}/api/health`)).status).toBe(503)
    const refused = await server.inWorkspace('/files/a.txt', {
      method: 'PUT',
      body: 'x',
      headers: { 'if-none-match': '*' },
    })
    expect(refused.status).toBe(503)

    disk.fails = false
    await vi.waitFor(() => expect(writer.provider.hasUnsyncedChanges).toBe(false), 10_000)
    expect((await fetch(`${server.url}/api/health`)).status).toBe(200)
    const reader = await (await testClient(server)).open(doc)
    expect(reader.text.toString()).toBe('kept')
  },
)

test('[LOG-22] a server whose store fails still ends when asked to', async () => {
  const { store, disk } = troubled()
  const server = await testServer({ store })
  const client = await testClient(server)
  const writer = await client.open(newFile())
  disk.fails = true
  writer.text.insert(0, 'x')
  await vi.waitFor(() => expect(client.closes.map((c) => c.code)).toContain(1011))
  await server.end()
})

test('[LOG-31] an update whose predecessor is missing is kept, and shown when that comes', async () => {
  const doc = newFile()
  const source = new Y.Doc()
  const updates: Uint8Array[] = []
  source.on('update', (u: Uint8Array) => updates.push(u))
  source.getText('content').insert(0, 'one ')
  source.getText('content').insert(4, 'two')
  const [one, two] = updates as [Uint8Array, Uint8Array]

  const first = await testServer()
  const early = await (await testClient(first)).open(doc)
  // The replica itself lacks the first part: it sends what it was given, as a relay would.
  Y.applyUpdate(early.doc, two)
  early.provider.configuration.websocketProvider.send(frameOf(early.provider.configuration.name, two))
  await vi.waitFor(() => expect(first.lines.some((l) => l['msg'] === 'update waits for a missing one')).toBe(true))
  await first.end()

  const second = await testServer({ dataDir: first.dataDir, ownerKey: first.ownerKey })
  const late = await (await testClient(second)).open(doc)
  expect(late.text.toString()).toBe('')
  Y.applyUpdate(late.doc, one)
  await acknowledged(late.provider)
  const reader = await (await testClient(second)).open(doc)
  expect(reader.text.toString()).toBe('one two')
})

test('[LOG-28] a damaged document is refused and named by health; others open', async () => {
  const store = openMemoryStore()
  const [bad, good] = [newFile(), newFile()]
  const first = await testServer({ store })
  const writer = await testClient(first)
  for (const doc of [bad, good]) {
    const { text, provider } = await writer.open(doc)
    text.insert(0, 'x')
    await acknowledged(provider)
  }
  await first.end()
  const torn: Store = {
    ...store,
    entry: async (doc, seq) => (doc === `file/${bad.fileId}` ? undefined : store.entry(doc, seq)),
    entries: async function* (doc, range) {
      if (doc !== `file/${bad.fileId}`) yield* store.entries(doc, range)
    },
  }
  const second = await testServer({ store: torn, ownerKey: first.ownerKey })
  const client = await testClient(second)
  const refused = client.attach(bad)
  await vi.waitFor(() => expect(refused.refusals).toEqual(['store-corrupt']))
  expect((await client.open(good)).text.toString()).toBe('x')
  expect(await (await fetch(`${second.url}/api/health`)).json()).toMatchObject({
    ready: true,
    reasons: [expect.stringContaining(`damaged and not to be opened: file/${bad.fileId}`)],
  })
})

function frameOf(name: string, update: Uint8Array): Uint8Array {
  const bytes = (s: string) => new TextEncoder().encode(s)
  const varUint = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...varUint(n >> 7)])
  return Uint8Array.from([...varUint(bytes(name).length), ...bytes(name), 0, 2, ...varUint(update.length), ...update])
}
