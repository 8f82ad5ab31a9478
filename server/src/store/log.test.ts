import { TandemError, createId, createLog, readSettings, silentLog, systemClock } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { openAudit } from './audit.ts'
import type { Appended } from './flights.ts'
import { openLog } from './log.ts'
import { openMemoryStore } from './memory.ts'
import { nothing } from './snapshots.ts'
import type { Store, Write } from './store.ts'
import { all } from './store.suite.ts'
import { schemaVersion } from './migrate.ts'
import { openWorkspace } from './workspace.ts'

const author = createId()
const meta = { author, origin: 'server' } as const
const settings = readSettings({})

/** A store whose disk can fail and hang, and which remembers its batches. */
function troubled() {
  const store = openMemoryStore()
  const batches: Write[][] = []
  const disk = { fails: false, hold: undefined as Promise<void> | undefined }
  const wrapped: Store = {
    ...store,
    commit: async (writes, fence) => {
      await disk.hold
      if (disk.fails) throw new Error('no space left')
      batches.push([...writes])
      await store.commit(writes, fence)
    },
  }
  return { store: wrapped, batches, disk }
}
const updateOf = (text: string): Uint8Array => {
  const doc = new Y.Doc()
  doc.getText('content').insert(0, text)
  return Y.encodeStateAsUpdate(doc)
}
const textIn = (update: Uint8Array | undefined) => {
  const doc = new Y.Doc()
  if (update) Y.applyUpdate(doc, update)
  return doc.getText('content').toString()
}

test('[LOG-21] every entry has the next number of the whole workspace, and is told once it is on disk, in order', async () => {
  const log = await openLog({ store: openMemoryStore(), settings, log: silentLog })
  const told: Appended[] = []
  log.onAppend((e) => told.push(e))
  const appended = ['files', 'file/a', 'files'].map((doc) => log.append(doc, updateOf(doc), meta))
  expect(appended.map((a) => a.seq)).toEqual([1, 2, 3])
  expect(told).toEqual([])
  expect(log.head()).toBe(0)
  await Promise.all(appended.map((a) => a.durable))
  expect(told).toEqual([
    { seq: 1, doc: 'files', author },
    { seq: 2, doc: 'file/a', author },
    { seq: 3, doc: 'files', author },
  ])
  expect(log.head()).toBe(3)
})

test('[LOG-1] while one batch is on its way, everything that arrives goes into the next, not one by one', async () => {
  const { store, batches, disk } = troubled()
  const log = await openLog({ store, settings, log: silentLog })
  const gate = Promise.withResolvers<void>()
  disk.hold = gate.promise
  const first = log.append('files', updateOf('0'), meta)
  await new Promise((resolve) => setImmediate(resolve))
  const more = Array.from({ length: 50 }, (_, i) => log.append('files', updateOf(String(i)), meta))
  gate.resolve()
  await Promise.all([first, ...more].map((a) => a.durable))
  expect(batches.length).toBe(2)
})

test('[LOG-22] a failing store acknowledges nothing, keeps everything in order, and goes on by itself', async () => {
  const { store, disk } = troubled()
  const clock = fakeClock()
  const log = await openLog({ store, settings, log: silentLog, clock })
  const states: boolean[] = []
  log.onState((failure) => states.push(failure === undefined))
  const told: number[] = []
  log.onAppend(({ seq }) => told.push(seq))

  disk.fails = true
  const first = log.append('files', updateOf('a'), meta)
  await expect(first.durable).rejects.toMatchObject({ code: 'store-failed' })
  const second = log.append('files', updateOf('b'), meta)
  await expect(second.durable).rejects.toMatchObject({ code: 'store-failed' })
  await expect(log.pending('files')).rejects.toMatchObject({ code: 'store-failed' })
  expect(log.failure()?.code).toBe('store-failed')
  expect(told).toEqual([])

  clock.advance(1_000)
  await vi.waitFor(() => expect(states).toEqual([false]))
  disk.fails = false
  await vi.waitFor(() => {
    clock.advance(1_000)
    expect(states).toEqual([false, true])
  })
  expect(told).toEqual([1, 2])
  expect((await all(store.entries('files'))).map((e) => e.seq)).toEqual([1, 2])
  await log.append('files', updateOf('c'), meta).durable
  expect(told).toEqual([1, 2, 3])
})

test('[S203] [LOG-26] a document comes back at its newest and at any version, over snapshots', async () => {
  const store = openMemoryStore()
  const log = await openLog({ store, settings: { ...settings, snapshotTailBytes: 400 }, log: silentLog })
  const doc = new Y.Doc()
  const versions = new Map<number, string>()
  doc.on('update', (update: Uint8Array) => {
    const { seq } = log.append('file/a', update, meta, () => Y.encodeStateAsUpdate(doc))
    versions.set(seq, doc.getText('content').toString())
  })
  const text = doc.getText('content')
  for (let i = 0; i < 200; i++) {
    if (i % 7 === 6) text.delete(0, 3)
    else text.insert(i % 2 ? 0 : text.length, `line ${i}\n`)
  }
  await log.pending('file/a')
  expect(await store.snapshot('file/a')).toBeDefined()
  expect(textIn(await log.load('file/a'))).toBe(text.toString())
  for (const [seq, was] of versions) expect(textIn(await log.load('file/a', seq))).toBe(was)
})

test('[S204] a snapshot is made when the tail passes the limit, not for every edit of a large document', async () => {
  const store = openMemoryStore()
  const snapshots: number[] = []
  const commit = store.commit
  store.commit = (writes, fence) => {
    for (const w of writes) if (w.t === 'snapshot') snapshots.push(w.state.length)
    return commit(writes, fence)
  }
  const log = await openLog({ store, settings: { ...settings, snapshotTailBytes: 1_000 }, log: silentLog })
  const doc = new Y.Doc()
  doc.on('update', (update: Uint8Array) => log.append('file/a', update, meta, () => Y.encodeStateAsUpdate(doc)))
  doc.getText('content').insert(0, 'x'.repeat(100_000))
  for (let i = 0; i < 300; i++) doc.getText('content').insert(0, 'y')
  await log.pending('file/a')
  expect(snapshots.length).toBe(1)
})

test('[LOG-28] a log that ends before its own record says it does is damaged, and other documents open', async () => {
  const store = openMemoryStore()
  const lines: string[] = []
  const first = await openLog({ store, settings, log: silentLog })
  await first.append('file/a', updateOf('a'), meta).durable
  await first.append('file/b', updateOf('b'), meta).durable
  const torn: Store = {
    ...store,
    entry: async (doc, seq) => (doc === 'file/a' ? undefined : store.entry(doc, seq)),
    entries: async function* (doc, range) {
      for await (const e of store.entries(doc, range)) if (doc !== 'file/a') yield e
    },
  }
  const log = await openLog({ store: torn, settings, log: createLog({ write: (l) => lines.push(l) }) })
  await expect(log.load('file/a')).rejects.toMatchObject({ code: 'store-corrupt' })
  expect([...log.damaged().keys()]).toEqual(['file/a'])
  expect(lines.join()).toContain('stored value damaged')
  expect(textIn(await log.load('file/b'))).toBe('b')
})

test('[LOG-25] an unknown Yjs client id belongs to who was first seen to use it; one of another is noted as via', async () => {
  const store = openMemoryStore()
  const log = await openLog({ store, settings, log: silentLog })
  const [anna, ben] = [createId(), createId()]
  const doc = new Y.Doc()
  doc.getText('content').insert(0, 'by anna')
  const update = Y.encodeStateAsUpdate(doc)
  await log.append('file/a', update, { author: anna, origin: 'socket' }).durable
  await log.append('file/a', update, { author: ben, origin: 'socket' }).durable
  expect(log.authors.of(doc.clientID)?.principal).toBe(anna)
  const [first, second] = await all(store.entries('file/a'))
  expect(first?.note).toBeUndefined()
  expect(second).toMatchObject({ author: ben, note: { via: [doc.clientID] } })
  // It is known again after a restart.
  expect((await openLog({ store, settings, log: silentLog })).authors.of(doc.clientID)?.principal).toBe(anna)
})

test('[LOG-30] data of a newer program is refused, and left as it is', async () => {
  const store = openMemoryStore()
  const workspace = await openWorkspace(store, 'w', systemClock)
  expect(await openWorkspace(store, 'w', systemClock)).toEqual(workspace)
  const newer = { ...workspace, schema: schemaVersion + 1, somethingNew: true }
  await store.commit([{ t: 'record', table: 'meta', key: 'workspace', value: newer }])
  await expect(openWorkspace(store, 'w', systemClock)).rejects.toMatchObject({ code: 'store-newer' })
  expect(await store.read('meta', 'workspace')).toEqual(newer)
})

const unread = (): never => {
  throw new Error('the whole table was read')
}

test('[ACC-34] the audit is a chain: a changed entry shows', async () => {
  const store = openMemoryStore()
  const log = await openLog({ store, settings, log: silentLog })
  const audit = await openAudit(store, log, systemClock)
  for (const object of ['a', 'b', 'c']) audit.add({ actor: author, action: 'test', object })
  await log.write([])
  // The next start goes on where this one ended, without reading it all.
  const later = await openAudit({ ...store, list: unread }, log, systemClock)
  later.add({ actor: author, action: 'test', object: 'd' })
  await log.write([])
  expect(await audit.verify()).toBeUndefined()
  const second = (await store.read('audit', '000000000002')) as object
  await store.commit([{ t: 'record', table: 'audit', key: '000000000002', value: { ...second, object: 'x' } }])
  expect(await audit.verify()).toBe(2)
})

test('[LOG-22] where each document stands is written with its entries, also after a failure', async () => {
  const { store, disk, batches } = troubled()
  const clock = fakeClock()
  const log = await openLog({ store, settings, log: silentLog, clock })
  await Promise.all(['a', 'b'].map((text) => log.append('file/a', updateOf(text), meta).durable))
  expect(batches.at(-1)?.filter((w) => w.t === 'doc')).toHaveLength(1)
  disk.fails = true
  await expect(log.append('file/a', updateOf('c'), meta).durable).rejects.toMatchObject({ code: 'store-failed' })
  await expect(log.append('file/b', updateOf('d'), meta).durable).rejects.toMatchObject({ code: 'store-failed' })
  disk.fails = false
  await vi.waitFor(() => {
    clock.advance(1_000)
    expect(log.failure()).toBeUndefined()
  })
  const stats = new Map((await all(store.docs())).map(([doc, stat]) => [doc, stat]))
  expect([stats.get('file/a')?.seq, stats.get('file/b')?.seq]).toEqual([3, 4])
})

test('[LOG-22] while the store fails what is on disk is read, and what waits for it is not called damaged', async () => {
  const { store, disk } = troubled()
  const clock = fakeClock()
  const log = await openLog({ store, settings, log: silentLog, clock })
  await log.append('file/a', updateOf('a'), meta).durable
  await log.append('file/b', updateOf('b'), meta).durable
  disk.fails = true
  const kept = log.append('file/a', updateOf('more'), meta)
  expect((await all(log.entries('file/b'))).map((e) => e.seq)).toEqual([2])
  await expect(kept.durable).rejects.toMatchObject({ code: 'store-failed' })
  expect(textIn(await log.load('file/b'))).toBe('b')
  expect((await all(log.entries('file/a'))).map((e) => e.seq)).toEqual([1])
  await expect(log.load('file/a')).rejects.toMatchObject({ code: 'store-failed' })
  expect(log.damaged().size).toBe(0)
  disk.fails = false
  await vi.waitFor(() => {
    clock.advance(1_000)
    expect(log.failure()).toBeUndefined()
  })
  expect(textIn(await log.load('file/a'))).toContain('more')
})

test('[LOG-22] what is written while the kept is on its way to a disk that works again follows it, and more than a call takes arguments is no matter', async () => {
  const { store, disk, batches } = troubled()
  const clock = fakeClock()
  const log = await openLog({ store, settings, log: silentLog, clock })
  const record = (key: string) => ({ t: 'record', table: 'runs', key, value: key }) as const
  const many = Array.from({ length: 150_000 }, (_, i) => record(`a${i}`))
  disk.fails = true
  // Told of the failure, somebody writes at once.
  log.onState((failure) => void (failure && log.write([record('told')]).catch(() => {})))
  const first = log.write(many)
  for (const one of many.slice(0, 3)) void log.write([one])
  await expect(first).rejects.toMatchObject({ code: 'store-failed' })
  const slow = Promise.withResolvers<void>()
  disk.hold = slow.promise
  disk.fails = false
  clock.advance(1_000)
  for (let i = 0; i < 20; i++) await Promise.resolve()
  const late = log.append('file/a', updateOf('late'), meta)
  late.durable.catch(() => {})
  slow.resolve()
  await vi.waitFor(() => expect(log.failure()).toBeUndefined())
  const keys = batches.flat().flatMap((w) => (w.t === 'record' && w.table === 'runs' ? w.key : []))
  expect(keys).toHaveLength(many.length + 4)
  expect(keys.at(-1)).toBe('told')
  expect(textIn(await log.load('file/a'))).toBe('late')
})

test('[LOG-41] what waits is bounded however small each change is', async () => {
  const { store, disk } = troubled()
  const slowly = Promise.withResolvers<void>()
  const log = await openLog({ store, settings: { ...settings, maxBacklogBytes: 1_000_000 }, log: silentLog })
  disk.hold = slowly.promise
  const update = updateOf('x')
  let appended = 0
  for (; !log.backlog.isFull() && appended < 100_000; appended++) log.append('file/a', update, meta)
  expect(appended).toBeLessThan(5_000)
  slowly.resolve()
  await log.backlog.room()
  await log.pending('file/a')
  expect(log.backlog.bytes()).toBe(0)
})

test('[LOG-39] an older snapshot makes up for an entry that is damaged, also where the standing knows of none', async () => {
  const store = openMemoryStore()
  const [one, two] = [updateOf('one '), updateOf('two ')]
  const entry = { doc: 'files', author, origin: 'server', at: 1 } as const
  await store.commit([
    { t: 'entry', entry: { ...entry, seq: 1, previous: 0, update: one } },
    { t: 'entry', entry: { ...entry, seq: 2, previous: 1, update: two } },
    { t: 'snapshot', doc: 'files', seq: 1, state: one },
    { t: 'doc', doc: 'files', stat: { ...nothing, seq: 2 } },
  ])
  const entries: Store['entries'] = (doc, range) => {
    if (!range?.after) throw new TandemError('store-corrupt', { doc, seq: 1 })
    return store.entries(doc, range)
  }
  const log = await openLog({ store: { ...store, entries }, settings, log: silentLog })
  expect(textIn(await log.load('files'))).toBe(textIn(Y.mergeUpdates([one, two])))
})

test('[LOG-36] a document whose first snapshot is made, and its past forgotten, while it is read is whole', async () => {
  const store = openMemoryStore()
  const gate = Promise.withResolvers<void>()
  const held: Store = {
    ...store,
    entries: async function* (...args) {
      await gate.promise
      yield* store.entries(...args)
    },
  }
  const log = await openLog({ store: held, settings: { ...settings, snapshotTailBytes: 10 }, log: silentLog })
  const doc = new Y.Doc()
  const write = (text: string) => {
    const before = Y.encodeStateVector(doc)
    doc.getText('content').insert(0, text)
    const state = () => Y.encodeStateAsUpdate(doc)
    return log.append('files', Y.encodeStateAsUpdate(doc, before), meta, text === 'one ' ? undefined : state).durable
  }
  await write('one ')
  const read = log.load('files')
  await write('two ')
  const squashed = log.squash('files')
  gate.resolve()
  expect(await squashed).toBe(true)
  expect(textIn(await read)).toBe('two one ')
  expect(textIn(await log.load('files'))).toBe('two one ')
})
