import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { TandemError, createId, docPath, silentLog } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, onTestFinished, test } from 'vitest'
import { openLevelStore } from '../store/level.ts'
import { openMemoryStore } from '../store/memory.ts'
import { openKept } from './kept.ts'
import { openPast } from './test-past.ts'

const author = createId()
const meta = { author, origin: 'rest' } as const

test('[S198] [S199] [S201] [S202] the version store builds everything from updates and snapshots, each with its number and time', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'tandem-versions-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const store = await openLevelStore(folder)
  onTestFinished(() => store.close())
  const clock = fakeClock(1_000)
  const { updates, history, create, ground } = await openPast(store, { clock })
  const file = await create('a.txt', '0', author)
  const ref = { kind: 'file', fileId: file } as const
  const texts = new Map<number, string>()
  for (let i = 1; i <= 40; i++) {
    clock.advance(1_000)
    await ground.change(ref, meta, (doc) => doc.getText('content').insert(0, `${i} is one more. `.repeat(3)))
    texts.set(updates.head(), await ground.peek(ref, (doc) => doc.getText('content').toString()).then(String))
  }
  // Every change has made one version, and some of them a snapshot.
  expect([...texts.keys()]).toEqual(Array.from({ length: 40 }, (_, i) => i + 3))
  const snapshot = await store.snapshot(docPath(ref), 30)
  expect(snapshot).toMatchObject({ seq: expect.any(Number), state: expect.any(Uint8Array) })
  for (const [version, text] of texts) expect(await history.versions.text(file, version)).toBe(text)
  for await (const entry of store.entries(docPath(ref), { after: 2 })) {
    expect(entry).toMatchObject({ at: (entry.seq - 1) * 1_000, update: expect.any(Uint8Array) })
  }
  expect(history.versions.resolve('head')).toBe(42)
  expect(await store.head()).toBe(42)
  expect(() => history.versions.resolve(43)).toThrow('there is no such version yet')
  expect((await history.versions.index(1)).byPath.size).toBe(0)
  expect((await history.versions.index(2)).byPath.get('a.txt')?.id).toBe(file)
  // Neighbours share what they read.
  expect(await history.versions.index(30)).toBe(await history.versions.index(2))
})

test('[LOG-28] [LOG-63] where it cannot be read which versions were kept, the rest is read as ever and none goes', async () => {
  const store = openMemoryStore()
  const past = await openPast(store)
  await past.create('a.txt', 'one', author)
  const damaged = {
    ...store,
    read: async () => {
      throw new TandemError('store-corrupt', { reason: 'a stored value is damaged' })
    },
  }
  const kept = await openKept({ store: damaged, updates: past.updates, log: silentLog })
  expect(kept.nearest(2)).toBe(2)
  await expect(kept.keep(kept.thinned())).rejects.toThrow('which versions were kept cannot be read')
})
