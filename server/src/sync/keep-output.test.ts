import type { Document } from '@hocuspocus/server'
import { silentLog, type Id } from '@tandem/shared'
import { openTaskLog } from '@tandem/shared/docs'
import { expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import type { UpdateLog } from '../store/log.ts'
import { openMemoryStore } from '../store/memory.ts'
import { playDaemon } from '../test-daemon.ts'
import { post } from '../test-people.ts'
import { testClient, testServer } from '../test-server.ts'
import { keepOutput } from './keep-output.ts'

const chunk = new Uint8Array(16_000).fill(97)
const patience = { timeout: 10_000, interval: 5 }

/** A server whose disk the test can hold up, and a task that runs on it. */
async function bench() {
  const store = openMemoryStore()
  const entries: number[] = []
  let [path, held] = ['', Promise.resolve()]
  const server = await testServer({
    store: {
      ...store,
      commit: async (writes, fence) => {
        await held
        await store.commit(writes, fence)
        for (const w of writes) if (w.t === 'entry' && w.entry.doc === path) entries.push(w.entry.update.length)
      },
    },
  })
  const daemon = await playDaemon(server, 'one')
  const body = { payload: { kind: 'command', command: 'make' } }
  const id = ((await (await server.inWorkspace('/tasks', post(body))).json()) as { id: Id }).id
  path = `log/${id}.1`
  const task = await daemon.begin(id)
  const look = async () => {
    const viewer = await testClient(server)
    const { doc } = await viewer.open({ kind: 'log', taskId: id, attempt: 1 })
    return openTaskLog(doc)
  }
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    held = promise
    return resolve
  }
  return { server, daemon, id, task, entries, look, hold }
}

test('[TSK-220] while much is put out, what has left the window again is never written, and a viewer sees all of it', async () => {
  const { task, entries, look } = await bench()
  const live = await look()
  const seen = new Set<number>()
  live.subscribe(() => {
    for (const { q } of live.snapshot()) seen.add(q)
  })
  await Promise.all(Array.from({ length: 150 }, () => task.write(chunk, 1, 4)))
  await vi.waitUntil(() => seen.has(599), patience)
  expect(seen.size).toBe(600)
  expect(entries.reduce((sum, bytes) => sum + bytes)).toBeLessThan(150 * 4 * 16_000 * 0.75)
  // Who comes now finds the window as it was left.
  expect((await look()).snapshot()).toEqual(live.snapshot())
})

test('[TSK-221] an output is acknowledged only when what was gathered of it is on disk', async () => {
  const { task, look, hold } = await bench()
  const live = await look()
  await task.write('first')
  const release = hold()
  const acknowledged: string[] = []
  const writes = ['second', 'third'].map((text) => task.write(text).then(() => acknowledged.push(text)))
  await vi.waitUntil(() => live.snapshot().length === 3, patience)
  expect(acknowledged).toEqual([])
  release()
  await Promise.all(writes)
})

test('[TSK-222] whoever puts out is not told of it: that would cost as much again', async () => {
  const { server, task, id, daemon, look } = await bench()
  const live = await look()
  const same = await testClient(server, { daemon: { id: daemon.id, name: 'one', shared: true } })
  const { doc } = await same.open({ kind: 'log', taskId: id, attempt: 1 })
  await task.write('first')
  await vi.waitUntil(() => live.snapshot().length === 1, patience)
  await task.write('second')
  await vi.waitUntil(() => live.snapshot().length === 2, patience)
  expect(openTaskLog(doc).snapshot()).toEqual([])
})

test('[TSK-220] what is little is written as it came, whatever else the document has behind it', async () => {
  const document = Object.assign(new Y.Doc(), { connections: new Map() }) as unknown as Document
  const chunks = document.getArray('chunks')
  chunks.push(Array.from({ length: 4_000 }, (_, i) => i))
  for (let i = 1; i < 2_000; i++) chunks.delete(i, 1)
  const before = Y.encodeStateAsUpdate(document)
  let make: Parameters<UpdateLog['appendSoon']>[1] | undefined
  keepOutput({
    document,
    doc: 'log/x.1',
    updates: { append: () => ({ seq: 0, durable: Promise.resolve() }), appendSoon: (_, last) => void (make = last) },
    metaOf: () => ({ author: 'x', origin: 'socket' }),
    log: silentLog,
  })
  for (let i = 0; i < 20; i++) chunks.push([i])
  const [, update] = make?.() ?? []
  expect(update?.length).toBeLessThan(2_000)
  const copy = new Y.Doc()
  for (const each of [before, update ?? new Uint8Array()]) Y.applyUpdate(copy, each)
  expect(copy.getArray('chunks').toJSON()).toEqual(chunks.toJSON())
})
