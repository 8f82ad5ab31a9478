import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createId, readSettings, silentLog } from '@tandem/shared'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { openLevelStore } from './level.ts'
import { openLog } from './log.ts'
import { openMemoryStore } from './memory.ts'
import type { Store } from './store.ts'
import { all } from './store.suite.ts'

const meta = { author: createId(), origin: 'server' } as const
const settings = { ...readSettings({}), snapshotTailBytes: 200 }
const doc = 'file/a'

const textIn = (update: Uint8Array | undefined): string => {
  const copy = new Y.Doc()
  if (update) Y.applyUpdate(copy, update)
  return copy.getText('content').toString()
}

type Crash = 'before' | 'after' | undefined

/** A log of one document on a real disk, the document loaded, and what it was at every version that is still kept. */
async function openHistory(folder: string) {
  let crash: Crash
  const open = async () => {
    const level = await openLevelStore(folder)
    const store: Store = {
      ...level,
      commit: async (writes, fence) => {
        const dies = writes.some((w) => w.t === 'replace') ? crash : undefined
        if (dies !== 'before') await level.commit(writes, fence)
        if (dies) throw new Error('killed')
      },
    }
    const log = await openLog({ store, settings, log: silentLog })
    const live = new Y.Doc()
    const kept = await log.load(doc)
    if (kept) Y.applyUpdate(live, kept)
    live.on('update', (update: Uint8Array) => {
      const { seq } = log.append(doc, update, meta, () => Y.encodeStateAsUpdate(live))
      versions.set(seq, live.getText('content').toString())
    })
    return { level, store, log, live, text: live.getText('content') }
  }
  const versions = new Map<number, string>()
  let now = await open()
  const reopen = async () => {
    await now.log.close()
    await now.level.close()
    now = await open()
  }
  return {
    versions,
    reopen,
    now: () => now,
    /** Folds the versions between two fractions of the past; `dies` is the moment in which the disk goes away. */
    thin: async (from: number, to: number, dies: Crash) => {
      const seqs = [...versions.keys()]
      const [after = 0, upTo = 0] = [seqs[Math.floor(from * seqs.length)], seqs[Math.floor(to * seqs.length)]]
      if (upTo <= after) return
      const gone = seqs.filter((seq) => seq > after && seq < upTo)
      crash = dies
      const done = now.log.thin(doc, [{ after, upTo }])
      // Whoever has it open goes on writing.
      now.text.insert(0, 'meanwhile ')
      const went = await done.catch(() => undefined)
      crash = undefined
      if (dies !== 'before' || went !== undefined) for (const seq of gone) versions.delete(seq)
      if (dies && gone.length > 0) await reopen()
      else expect(went).toBe(gone.length)
    },
    check: async () => {
      const { log, store, text } = now
      await log.pending(doc)
      expect(textIn(await log.load(doc))).toBe(text.toString())
      for (const [seq, was] of versions) expect(textIn(await log.load(doc, seq))).toBe(was)
      const entries = await all(store.entries(doc))
      expect(entries.map((e) => e.seq)).toEqual([...versions.keys()])
      expect(entries.map((e) => e.previous)).toEqual([0, ...versions.keys()].slice(0, entries.length))
      expect((await all(log.heads())).map((h) => h.seq)).toEqual([...versions.keys()])
    },
    close: async () => {
      await now.log.close()
      await now.level.close()
    },
  }
}

const part = fc.double({ min: 0, max: 0.999, noNaN: true })
const acts = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ t: fc.constant('type' as const), at: part, words: fc.string({ minLength: 1 }) }),
    },
    { weight: 3, arbitrary: fc.record({ t: fc.constant('cut' as const), at: part, length: fc.nat(20) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        t: fc.constant('thin' as const),
        from: part,
        to: part,
        dies: fc.constantFrom(undefined, undefined, 'before' as const, 'after' as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ t: fc.constant('reopen' as const) }) },
  ),
  { minLength: 5, maxLength: 60 },
)

test(
  '[LOG-36] however a past is thinned, every version that is kept reads as it was, and the newest too',
  { timeout: 60_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(acts, async (list) => {
        const folder = await mkdtemp(path.join(tmpdir(), 'tandem-thin-'))
        try {
          const history = await openHistory(folder)
          for (const act of list) {
            const { text, log } = history.now()
            if (act.t === 'type') text.insert(Math.floor(act.at * (text.length + 1)), act.words)
            else if (act.t === 'cut') {
              const at = Math.floor(act.at * text.length)
              text.delete(at, Math.min(act.length, text.length - at))
            } else if (act.t === 'thin') await history.thin(act.from, act.to, act.dies)
            else {
              await log.pending(doc)
              await history.reopen()
            }
          }
          await history.check()
          await history.reopen()
          await history.check()
          await history.close()
        } finally {
          await rm(folder, { recursive: true, force: true })
        }
      }),
      { numRuns: 25, endOnFailure: true },
    )
  },
)

/** A log of `count` words in memory, with a snapshot at the sixth; `versions` is the text after each. */
async function words(count: number) {
  const store = openMemoryStore()
  const log = await openLog({ store, settings: { ...settings, snapshotTailBytes: 0 }, log: silentLog })
  const live = new Y.Doc()
  const versions: string[] = ['']
  const state = () => Y.encodeStateAsUpdate(live)
  live.on('update', (update: Uint8Array) => log.append(doc, update, meta, versions.length === 6 ? state : undefined))
  for (let i = 1; i <= count; i++) {
    live.getText('content').insert(0, `${i} `)
    versions.push(live.getText('content').toString())
  }
  await log.pending(doc)
  return { store, log, versions }
}

test('[LOG-36] a snapshot of a version that is folded away goes with it', async () => {
  const { store, log, versions } = await words(12)
  expect(await log.thin(doc, [{ after: 3, upTo: 9 }])).toBe(5)
  expect(await store.snapshot(doc)).toBeUndefined()
  for (const seq of [1, 2, 3, 9, 10, 12]) expect(textIn(await log.load(doc, seq))).toBe(versions[seq])
})

test('[LOG-36] several ranges are folded at once; what is missing or damaged in one leaves all as they are', async () => {
  const { store, log, versions } = await words(12)
  const ranges = [
    { after: 0, upTo: 4 },
    { after: 6, upTo: 12 },
  ]
  expect(await log.thin(doc, ranges)).toBe(8)
  for (const seq of [4, 5, 6, 12]) expect(textIn(await log.load(doc, seq))).toBe(versions[seq])
  await store.commit([{ t: 'replace', doc, after: 4, upTo: 5 }])
  await expect(log.thin(doc, [{ after: 0, upTo: 12 }])).rejects.toMatchObject({ code: 'store-corrupt' })
  expect((await all(store.entries(doc))).map((e) => e.seq)).toEqual([4, 6, 12])
})

test('[LOG-36] a past that nobody looks at is one entry up to its newest snapshot', async () => {
  const { store, log, versions } = await words(12)
  expect(await log.squash(doc)).toBe(true)
  expect((await all(store.entries(doc))).map((e) => [e.seq, e.previous])).toEqual([
    [6, 0],
    ...[7, 8, 9, 10, 11, 12].map((seq) => [seq, seq - 1]),
  ])
  for (const seq of [6, 7, 12]) expect(textIn(await log.load(doc, seq))).toBe(versions[seq])
  expect(await log.squash(doc)).toBe(false)
})

test('[LOG-36] [LOG-21] a document that is dropped is gone, and its numbers are not given again', async () => {
  const { store, log } = await words(3)
  expect(await log.drop(doc, () => false)).toBe(false)
  expect(await log.drop(doc, () => true)).toBe(true)
  expect(await log.load(doc)).toBeUndefined()
  expect(await all(store.heads())).toEqual([])
  const again = await openLog({ store, settings: readSettings({}), log: silentLog })
  expect(again.names('')).toEqual([])
  expect(again.append('file/b', Y.encodeStateAsUpdate(new Y.Doc()), meta).seq).toBe(4)
})

test('[LOG-36] a document that is read while it is thinned, or while it goes, is not called damaged', async () => {
  const store = openMemoryStore()
  let meanwhile: (() => Promise<unknown>) | undefined
  const log = await openLog({
    store: {
      ...store,
      snapshot: async (...asked) => {
        const found = await store.snapshot(...asked)
        const work = meanwhile
        meanwhile = undefined
        await work?.()
        return found
      },
    },
    settings,
    log: silentLog,
  })
  const live = new Y.Doc()
  live.on('update', (update: Uint8Array) => log.append(doc, update, meta, () => Y.encodeStateAsUpdate(live)))
  for (let i = 0; i < 60; i++) live.getText('content').insert(0, `${i} `)
  await log.pending(doc)
  const [at, end] = [log.stat(doc)?.snapshotSeq ?? 0, log.head()]
  expect(at).toBeLessThan(end)
  meanwhile = async () => log.thin(doc, [{ after: 0, upTo: end }])
  expect(textIn(await log.load(doc))).toBe(live.getText('content').toString())
  meanwhile = async () => log.drop(doc, () => true)
  expect(await log.load(doc)).toBeUndefined()
  expect(log.damaged().size).toBe(0)
})
