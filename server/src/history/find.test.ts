import { hash } from 'node:crypto'
import { TandemError, createId, docPath, type Id } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { openMemoryStore } from '../store/memory.ts'
import { restOf, idOf } from '../test-rest.ts'
import { join } from '../test-people.ts'
import { testServer } from '../test-server.ts'
import { findTexts } from './find.ts'
import { openPast } from './test-past.ts'

const author = createId()
const meta = { author, origin: 'rest' } as const
const minute = 60_000
const { signal } = new AbortController()
const asked = (file: Id, text: string) => ({ file, sha256: hash('sha256', text) })

/** A file with many versions; each text with the version and the time at which it was said last. */
async function withVersions(count: number) {
  const clock = fakeClock(1_000)
  const store = openMemoryStore()
  const past = await openPast(store, { clock })
  const file = await past.create('a.txt', '0', author)
  const said = new Map<string, { seq: number; at: number }>([['0', { seq: 1, at: 1_000 }]])
  for (let i = 1; i <= count; i++) {
    clock.advance(minute)
    await past.ground.change({ kind: 'file', fileId: file }, meta, (doc) => {
      const text = doc.getText('content')
      // Now and then it says again what it said before.
      if (i % 10 === 0) text.delete(0, text.length)
      else text.insert(0, `line ${i}\n`)
      said.set(text.toString(), { seq: past.updates.head() + 1, at: clock.now() })
    })
  }
  return { ...past, clock, store, file, said }
}

test('[MIR-87] every text that the document ever was is found, with the newest version that said so', async () => {
  const { updates, file, said } = await withVersions(80)
  const texts = [...said.keys()]
  const found = await findTexts(
    updates,
    [...texts, 'never'].map((text) => asked(file, text)),
    signal,
  )
  expect(found).toEqual(texts.map((text) => ({ file, ...said.get(text) })))
  // Emptied again and again: the last of them.
  expect(found.find(({ seq }) => seq === updates.head())).toEqual({ file, ...said.get('') })
  const other = createId()
  expect(await findTexts(updates, [asked(other, '0'), asked(file, '0')], signal)).toEqual([{ file, seq: 1, at: 1_000 }])
})

test('[MIR-87] the search ends at a bound: what is new is found, what is old is not', async () => {
  const { updates, file, said } = await withVersions(150)
  const texts = [asked(file, ''), asked(file, '0')]
  expect(await findTexts(updates, texts, signal, 3_000)).toEqual([{ file, ...said.get('') }])
  expect(await findTexts(updates, texts, signal)).toHaveLength(2)
  await expect(findTexts(updates, texts, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone')
})

test('[MIR-87] of a past that was thinned, the versions that remain are found', async () => {
  const { updates, history, clock, file, said } = await withVersions(90)
  const before = await findTexts(
    updates,
    [...said.keys()].map((text) => asked(file, text)),
    signal,
  )
  clock.advance(1_000 * minute)
  await history.thin({ thinBefore: clock.now() - 1_000 * minute, forgetBefore: 0 }, signal)
  const after = await history.find(
    [...said.keys()].map((text) => asked(file, text)),
    signal,
  )
  expect(after.length).toBeGreaterThan(0)
  expect(after.length).toBeLessThan(before.length)
  for (const { seq } of after) {
    const text = await history.versions.text(file, seq)
    expect(said.get(text)).toMatchObject({ seq })
  }
})

test('[MIR-87] one damaged document hides only itself', async () => {
  const { updates, create, file } = await withVersions(5)
  const other = await create('b.txt', 'b', author)
  const damaged: typeof updates = {
    ...updates,
    load: async (doc, upTo) => {
      if (doc === docPath({ kind: 'file', fileId: file })) throw new TandemError('store-corrupt')
      return updates.load(doc, upTo)
    },
  }
  const found = await findTexts(damaged, [asked(file, '0'), asked(other, 'b')], signal)
  expect(found.map((each) => each.file)).toEqual([other])
})

test('[MIR-87] whoever may read may ask over REST', async () => {
  const server = await testServer()
  const rest = restOf(server)
  const { version } = await rest.create('a.txt', 'one\r\ntwo\n')
  await rest.replace('a.txt', 'three\n')
  const file = await idOf(server, 'a.txt')
  const viewer = restOf(await join(server, 'viewer'))
  const texts = [asked(file, 'one\ntwo\n'), asked(file, 'four')]
  expect(await viewer.post('/history/find', { texts })).toEqual({
    found: [{ file, seq: version - 1, at: expect.any(Number) }],
  })
  await expect(viewer.post('/history/find', { texts: [{ file, sha256: 'x' }] })).rejects.toThrow('422')
})
