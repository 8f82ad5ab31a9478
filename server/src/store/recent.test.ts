import { createId, readSettings, silentLog } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { openLog } from './log.ts'
import { openMemoryStore } from './memory.ts'
import { createRecent } from './recent.ts'
import { nothing } from './snapshots.ts'
import type { Store } from './store.ts'
import { all } from './store.suite.ts'

const meta = { author: createId(), origin: 'server' } as const
const settings = { ...readSettings({}), snapshotTailBytes: 60 }
const textIn = (update: Uint8Array | undefined) => {
  const doc = new Y.Doc()
  if (update) Y.applyUpdate(doc, update)
  return doc.getText('content').toString()
}

/** A log over a store whose reads are counted and whose writes can fail. */
async function watched() {
  const store = openMemoryStore()
  const disk = { reads: 0, fails: false }
  const wrapped: Store = {
    ...store,
    entries: (...args) => {
      disk.reads += 1
      return store.entries(...args)
    },
    commit: async (...args) => {
      if (disk.fails) throw new Error('no space left')
      await store.commit(...args)
    },
  }
  const clock = fakeClock()
  const log = await openLog({ store: wrapped, settings, log: silentLog, clock, probeMs: 1_000 })
  return { store, log, disk, clock }
}
/** Somebody who types into a document of the log. */
function writer(log: Awaited<ReturnType<typeof openLog>>, name: string) {
  const doc = new Y.Doc()
  return (change: (text: Y.Text) => void, withState = false) => {
    const before = Y.encodeStateVector(doc)
    change(doc.getText('content'))
    const state = withState ? () => Y.encodeStateAsUpdate(doc) : undefined
    const { durable } = log.append(name, Y.encodeStateAsUpdate(doc, before), meta, state)
    return { durable, text: doc.getText('content').toString() }
  }
}

test('[LOG-100] what was just written is not read from the disk, and what was read is so once', async () => {
  const { store, log, disk } = await watched()
  const write = writer(log, 'file/a')
  await write((text) => text.insert(0, 'one ')).durable
  await write((text) => text.insert(4, 'two')).durable
  expect(textIn(await log.load('file/a'))).toBe('one two')
  expect(disk.reads).toBe(0)
  const again = await openLog({ store, settings, log: silentLog })
  expect(await again.load('file/a')).toEqual(await log.load('file/a'))
  store.entries = () => {
    throw new Error('read twice')
  }
  expect(textIn(await again.load('file/a'))).toBe('one two')
})

test('[LOG-100] whatever is written, thinned, forgotten and dropped, what is read is what is on disk', async () => {
  const names = ['file/a', 'file/b'] as const
  const step = fc.record({
    doc: fc.constantFrom(...names),
    what: fc.constantFrom('insert', 'insert', 'delete', 'snapshot', 'thin', 'squash', 'drop', 'load', 'load'),
    isAwaited: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { store, log } = await watched()
      const writers = new Map<string, ReturnType<typeof writer>>()
      const texts = new Map<string, string>()
      const begun: Promise<unknown>[] = []
      for (const { doc, what, isAwaited } of steps) {
        const write = writers.get(doc) ?? writer(log, doc)
        writers.set(doc, write)
        const typed = (change: (text: Y.Text) => void) => {
          const { text, durable } = write(change, what === 'snapshot')
          texts.set(doc, text)
          return durable
        }
        const work = async () => {
          if (what === 'load') {
            const now = texts.get(doc) ?? ''
            // Written to meanwhile it may be newer.
            const read = textIn(await log.load(doc))
            if (now === (texts.get(doc) ?? '')) expect(read).toBe(now)
          } else if (what === 'thin') await log.thin(doc, [{ after: 0, upTo: log.head() }])
          else if (what === 'squash') await log.squash(doc)
          else if (what === 'delete') await typed((text) => text.delete(0, Math.min(2, text.length)))
          else if (what === 'drop') {
            const isGone = await log.drop(doc, () => true)
            if (!isGone) return
            texts.delete(doc)
            writers.delete(doc)
          } else await typed((text) => text.insert(0, `${log.head()} some words `))
        }
        // What is dropped is not written to before that is known.
        begun.push(work())
        if (isAwaited || what === 'drop') await Promise.all(begun)
      }
      await Promise.all(begun)
      const onDisk = await openLog({ store, settings, log: silentLog })
      for (const doc of names) {
        expect(textIn(await log.load(doc))).toBe(texts.get(doc) ?? '')
        expect(textIn(await onDisk.load(doc))).toBe(texts.get(doc) ?? '')
      }
    }),
    { numRuns: 60 },
  )
})

test('[LOG-100] [LOG-1] what a failing disk has not taken is not read from memory; once it has, it is', async () => {
  const { log, disk, clock, store } = await watched()
  const write = writer(log, 'file/a')
  await write((text) => text.insert(0, 'kept ')).durable
  disk.fails = true
  await expect(write((text) => text.insert(5, 'waiting')).durable).rejects.toMatchObject({ code: 'store-failed' })
  await expect(log.load('file/a')).rejects.toMatchObject({ code: 'store-failed' })
  disk.fails = false
  const works = Promise.withResolvers<void>()
  log.onState((failure) => failure ?? works.resolve())
  clock.advance(1_000)
  await works.promise
  expect(textIn(await log.load('file/a'))).toBe('kept waiting')
  expect(await all(store.entries('file/a'))).toHaveLength(2)
})

test('[LOG-100] memory is bounded: what was not asked for longest goes first, what is large is not kept at all', () => {
  const recent = createRecent(64_000)
  const stat = { ...nothing, seq: 1 }
  const update = Uint8Array.from({ length: 3_000 }, () => 7)
  const names = Array.from({ length: 30 }, (_, i) => `file/${i}`)
  for (const name of names) {
    recent.keep(name, stat, update)
    recent.whole('file/0', stat)
  }
  recent.keep('file/large', stat, new Uint8Array(5_000))
  const kept = [...names, 'file/large'].filter((name) => recent.whole(name, stat))
  expect(kept).toEqual(['file/0', ...names.slice(-17)])
  // The same numbers in another value are another standing.
  expect(recent.whole('file/29', { ...stat })).toBeUndefined()
})

test('[LOG-100] a piece of something larger does not keep that in memory', () => {
  const recent = createRecent(64_000)
  const stat = { ...nothing, seq: 1 }
  const wire = new Uint8Array(50_000)
  recent.keep('file/a', stat, wire.subarray(10, 20))
  wire.fill(1)
  const whole = recent.whole('file/a', stat)
  expect(whole).toEqual(new Uint8Array(10))
  expect(whole?.buffer.byteLength).toBe(10)
})
