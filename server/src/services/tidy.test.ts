import type { Document, Hocuspocus } from '@hocuspocus/server'
import { createId, docName, docPath, readSettings, silentLog, type DocRef, type Task } from '@tandem/shared'
import { openRequests } from '@tandem/shared/docs'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { openMemoryBlobs } from '../store/blobs-memory.ts'
import { hashOf } from '../store/blobs.suite.ts'
import { openLog } from '../store/log.ts'
import { openMemoryStore } from '../store/memory.ts'
import { all } from '../store/store.suite.ts'
import { createDocuments } from '../sync/documents.ts'
import type { Context } from '../sync/doors.ts'
import { runTidying } from './tidy.ts'

const meta = { author: createId(), origin: 'server' } as const
const day = 24 * 3_600_000

/** A log and its documents, of which only those in `loaded` are in memory, and what tidies them. */
async function bench() {
  const place = { workspaceId: createId(), epoch: createId() }
  const loaded = new Map<string, Document>()
  const engine = { documents: loaded, loadingDocuments: new Map() } as unknown as Hocuspocus<Context>
  const settings = { ...readSettings({}), snapshotTailBytes: 200 }
  const clock = fakeClock(1_000 * day)
  const store = openMemoryStore()
  const blobs = openMemoryBlobs(clock.now)
  const updates = await openLog({ store, settings, log: silentLog, clock })
  const documents = createDocuments({ engine, updates, place, settings, log: silentLog })
  const completedAtById = new Map<string, number | undefined>()
  const outputs = openMemoryBlobs(clock.now)
  const named = new Map<string, Task>()
  const tasks = {
    snapshot: () => named,
    get: (id: string) => (completedAtById.has(id) ? ({ completedAt: completedAtById.get(id) } as Task) : undefined),
  }
  const lines: string[] = []
  const log = { ...silentLog, info: (msg: string) => void lines.push(msg) }
  const stop = new AbortController()
  return {
    updates,
    store,
    blobs,
    outputs,
    named,
    clock,
    completedAtById,
    load: (ref: DocRef) => loaded.set(docName(place, ref), new Y.Doc() as Document),
    /** Writes a document step by step, as it would be while it is open. */
    write: (ref: DocRef, steps: readonly ((doc: Y.Doc) => void)[]) => {
      const doc = new Y.Doc()
      doc.on('update', (update: Uint8Array) =>
        updates.append(docPath(ref), update, meta, () => Y.encodeStateAsUpdate(doc)),
      )
      for (const step of steps) step(doc)
      return ref
    },
    run: () => runTidying({ updates, blobs, outputs, documents, tasks, clock, log }, stop.signal),
    stop,
    rounds: () => lines.length,
  }
}
const words = (count: number) =>
  Array.from({ length: count }, (_, i) => (doc: Y.Doc) => doc.getText('content').insert(0, `${i} `))
const counts = (of: Awaited<ReturnType<typeof bench>>) => async (ref: DocRef) =>
  (await all(of.store.entries(docPath(ref)))).length

test('[LOG-42] the past of documents that nobody looks back at is forgotten, that of files is not', async () => {
  const all = await bench()
  const entries = counts(all)
  const daemon = all.write({ kind: 'daemon', daemonId: createId() }, words(100))
  const file = all.write({ kind: 'file', fileId: createId() }, words(100))
  const before = await all.updates.load(docPath(daemon))
  const running = all.run()
  await vi.waitFor(() => expect(all.rounds()).toBe(1))
  expect(await entries(daemon)).toBeLessThan(50)
  expect(await entries(file)).toBe(100)
  const text = (update: Uint8Array | undefined) => {
    const doc = new Y.Doc()
    if (update) Y.applyUpdate(doc, update)
    return doc.getText('content').toString()
  }
  expect(text(await all.updates.load(docPath(daemon)))).toBe(text(before))
  all.stop.abort()
  await running
})

test('[MIR-83] an upload that nobody went on with for a day is forgotten', async () => {
  const { blobs, clock, run, rounds, stop } = await bench()
  const [hash, later] = ['a'.repeat(64), 'b'.repeat(64)]
  const piece = { offset: 0, size: 10, bytes: Uint8Array.of(1, 2) }
  await blobs.put(hash, piece)
  clock.advance(day - 1)
  const running = run()
  await vi.waitFor(() => expect(rounds()).toBe(1))
  expect((await blobs.look(hash)).received).toBe(2)
  await blobs.put(later, piece)
  clock.advance(day)
  await vi.waitFor(() => expect(rounds()).toBe(2))
  expect([await blobs.look(hash), await blobs.look(later)].map(({ received }) => received)).toEqual([0, 2])
  stop.abort()
  await running
})

test('[LOG-42] after a month emptied requests and the logs of tasks that are done go; what is open, recent or waits stays', async () => {
  const all = await bench()
  const requests = (): DocRef => ({ kind: 'requests', principal: createId(), session: createId() })
  const ask = (doc: Y.Doc) => void openRequests(doc).ask({ kind: 'cancel', task: createId() })
  const fold = (doc: Y.Doc) => openRequests(doc).drop(openRequests(doc).snapshot().keys())
  const logOf = (completedAt?: number): DocRef => {
    const taskId = createId()
    all.completedAtById.set(taskId, completedAt)
    return { kind: 'log', taskId, attempt: 1 }
  }
  const now = all.clock.now()
  const going = [all.write(requests(), [ask, fold]), all.write(logOf(now), words(3))]
  const staying = [
    all.write(requests(), [ask, fold, ask]),
    all.write(requests(), [ask, fold]),
    all.write(logOf(), words(3)),
    all.write(logOf(now + 2 * day), words(3)),
    all.write({ kind: 'user', userId: createId() }, words(3)),
  ]
  if (staying[1]) all.load(staying[1])
  all.clock.advance(30 * day + 1)
  staying.push(all.write(requests(), [ask, fold]))
  const running = all.run()
  await vi.waitFor(() => expect(all.rounds()).toBe(1))
  expect(all.updates.names('').toSorted()).toEqual(staying.map(docPath).toSorted())
  expect(going.map((ref) => all.updates.stat(docPath(ref)))).toEqual([undefined, undefined])
  // The next day the rest has had its month as well.
  all.clock.advance(2 * day)
  await vi.waitFor(() => expect(all.rounds()).toBe(2))
  expect(all.updates.names('log/')).toHaveLength(1)
  all.stop.abort()
  await running
})

test('[LOG-42] tidying pauses between a few documents, and ends at once when the server stops', async () => {
  const all = await bench()
  for (let i = 0; i < 25; i++) all.write({ kind: 'daemon', daemonId: createId() }, words(1))
  const running = all.run()
  // Nothing moves the clock, so that it stays in its pause.
  all.stop.abort()
  await running
  expect(all.rounds()).toBe(0)
})

test('[TSK-107] what a task left goes a month after it came, unless a record names it still', async () => {
  const { outputs, named, clock, run, rounds, stop } = await bench()
  const hashes = ['log', 'artifact', 'of an earlier attempt', 'of no task'].map((text) => hashOf(Buffer.from(text)))
  for (const [i, text] of ['log', 'artifact', 'of an earlier attempt', 'of no task'].entries()) {
    const bytes = Buffer.from(text)
    await outputs.put(hashes[i] ?? '', { offset: 0, size: bytes.length, bytes })
  }
  const [log = '', artifact = '', earlier = ''] = hashes
  const lies = (blob: string) => ({ bytes: 1, truncated: false, segments: [{ blob, size: 1, lines: 1 }] })
  named.set('task', {
    attempts: [{ n: 1, daemonId: createId(), output: lies(earlier) }],
    result: { output: { ...lies(log), tail: '' }, artifacts: [{ path: 'a', blob: artifact, size: 1 }] },
  } as Task)
  const here = () => Promise.all(hashes.map(async (hash) => (await outputs.look(hash)).complete))
  const running = run()
  await vi.waitFor(() => expect(rounds()).toBe(1))
  expect(await here()).toEqual([true, true, true, true])
  clock.advance(30 * day + 1)
  await vi.waitFor(() => expect(rounds()).toBe(2))
  expect(await here()).toEqual([true, true, true, false])
  named.clear()
  clock.advance(day)
  await vi.waitFor(() => expect(rounds()).toBe(3))
  expect(await here()).toEqual([false, false, false, false])
  stop.abort()
  await running
})
