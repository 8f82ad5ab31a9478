import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createId, readSettings, silentLog } from '@tandem/shared'
import { fakeClock, randomFrom } from '@tandem/shared/testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import * as Y from 'yjs'
import { openLevelStore } from '../store/level.ts'
import { openLog, type UpdateLog } from '../store/log.ts'
import type { Store } from '../store/store.ts'
import { failingStore, type Trouble } from './failing-store.ts'

const settings = { ...readSettings({}), snapshotTailBytes: 300 }
const meta = { author: createId(), origin: 'socket' } as const
const names = ['files', 'file/a', 'file/b', 'file/c']

/** One workspace over a disk in trouble: what was appended, what was acknowledged, and a log that can be opened anew. */
async function workspace(seed: number) {
  const folder = await mkdtemp(path.join(tmpdir(), 'tandem-failing-'))
  const random = randomFrom(seed)
  const trouble: Trouble = { rate: 0, failures: 0, recovered: Promise.resolve() }
  const clock = fakeClock()
  const acked = new Map<number, string>()
  let store: Store
  let log: UpdateLog
  /** The documents as their editors see them, each with its number of marks. */
  let docs = new Map<string, Y.Doc>()

  const open = async () => {
    store = await openLevelStore(folder)
    const opening = () =>
      openLog({ store: failingStore(store, trouble, random), settings, log: silentLog, clock, probeMs: 10 })
    // A start over a disk in trouble is a whole one or none.
    log = await opening().catch(async () => {
      trouble.rate = 0
      return opening()
    })
    const mine = log
    docs = new Map(names.map((name) => [name, new Y.Doc()]))
    for (const [name, doc] of docs) {
      const calm = trouble.rate
      trouble.rate = 0
      const update = await log.load(name)
      trouble.rate = calm
      if (update) Y.applyUpdate(doc, update)
      doc.on('update', (change: Uint8Array, mark: unknown) => {
        const { seq, durable } = mine.append(name, change, meta, () => Y.encodeStateAsUpdate(doc))
        durable.then(
          () => acked.set(seq, String(mark)),
          () => {},
        )
      })
    }
  }
  await open()
  onTestFinished(async () => {
    await log.close()
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })
  let count = 0
  return {
    random,
    trouble,
    acked,
    append: () => {
      const doc = docs.get(names[Math.floor(random() * names.length)] ?? '') as Y.Doc
      const mark = `${seed}.${++count}`
      doc.transact(() => doc.getArray('marks').push([mark]), mark)
    },
    /** Whatever else asks the store meanwhile; it may fail, and harms nothing. */
    other: async () => {
      const name = names[Math.floor(random() * names.length)] ?? ''
      const dice = random()
      const upTo = log.stat(name)?.seq ?? 0
      const asked =
        dice < 0.4
          ? log.load(name)
          : dice < 0.7
            ? log.write([{ t: 'record', table: 'meta', key: `k${count}`, value: count }])
            : log.thin(name, [{ after: Math.floor(upTo / 2), upTo }])
      await asked.catch(() => {})
    },
    pass: async () => {
      clock.advance(20)
      for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
    },
    recovered: () =>
      vi.waitFor(
        () => {
          clock.advance(20)
          expect(log.failure()).toBeUndefined()
        },
        { timeout: 20_000, interval: 1 },
      ),
    settled: () => Promise.all(names.map(async (name) => log.pending(name))),
    /** Marks that every document's editor has, and the log's copy of it. */
    marks: async () => {
      const both = await Promise.all(
        names.map(async (name) => {
          const update = await log.load(name)
          const copy = new Y.Doc()
          if (update) Y.applyUpdate(copy, update)
          return [docs.get(name)?.getArray('marks').toArray() ?? [], copy.getArray('marks').toArray()] as const
        }),
      )
      return { edited: both.map(([edited]) => edited), kept: both.map(([, kept]) => kept) }
    },
    seqs: async () => {
      const seqs: number[] = []
      for await (const { seq } of store.heads()) seqs.push(seq)
      return seqs
    },
    /** The process is gone, with all that it had not written. */
    crash: async () => {
      trouble.rate = 1
      await log.close()
      await trouble.recovered
      await store.close()
      trouble.rate = 0
      await open()
    },
  }
}

test(
  '[LOG-85] however the disk fails and recovers, everything appended is there in order, and nothing was acknowledged early',
  { timeout: 120_000 },
  async () => {
    let failures = 0
    for (let seed = 1; seed <= 12; seed++) {
      const w = await workspace(seed)
      for (let step = 0; step < 120; step++) {
        const dice = w.random()
        if (dice < 0.06) w.trouble.rate = w.random() < 0.5 ? 0.9 : 0.3
        else if (dice < 0.14) w.trouble.rate = 0
        else if (dice < 0.25) await w.other()
        else if (dice < 0.45) await w.pass()
        else w.append()
      }
      w.trouble.rate = 0
      await w.recovered()
      await w.settled()
      const { edited, kept } = await w.marks()
      expect(kept, `seed ${seed}`).toEqual(edited)
      failures += w.trouble.failures
    }
    expect(failures).toBeGreaterThan(20)
  },
)

test(
  '[LOG-85] a process that ends while its disk fails leaves all that was acknowledged, with numbers that have no gap',
  { timeout: 120_000 },
  async () => {
    for (let seed = 101; seed <= 112; seed++) {
      const w = await workspace(seed)
      for (let life = 0; life < 4; life++) {
        for (let step = 0; step < 40; step++) {
          const dice = w.random()
          if (dice < 0.08) w.trouble.rate = w.random() < 0.5 ? 0.9 : 0.2
          else if (dice < 0.16) w.trouble.rate = 0
          else if (dice < 0.4) await w.pass()
          else w.append()
        }
        await w.crash()
        const promised = [...w.acked.values()]
        const { kept } = await w.marks()
        expect(kept.flat(), `seed ${seed}, life ${life}`).toEqual(expect.arrayContaining(promised))
        const seqs = await w.seqs()
        expect(seqs, `seed ${seed}, life ${life}`).toEqual(seqs.map((_, i) => i + 1))
      }
    }
  },
)
