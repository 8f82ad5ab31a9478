import { createId, docPath, type Blame, type HistoryPage, type Id } from '@tandem/shared'
import { openFiles } from '@tandem/shared/docs'
import { fakeClock, randomFrom } from '@tandem/shared/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openMemoryStore } from '../store/memory.ts'
import { openPast } from './test-past.ts'

const minute = 60_000
type Past = Awaited<ReturnType<typeof openPast>>

/** The whole of history. */
async function stepsOf({ history }: Past): Promise<HistoryPage['steps']> {
  return (await history.page({ limit: 10_000 })).steps
}

/** The author of each character. */
const authorsOf = ({ authors, runs }: Blame): string[] =>
  runs.flatMap(({ length, author }) => Array.from({ length }, () => JSON.stringify(authors[author])))

test('[LOG-63] [LOG-65] [LOG-66] however the past is thinned, and wherever that is cut short: versions that remain are what they were, history tells the same steps, and characters keep their authors', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = randomFrom(seed)
      const pick = (n: number) => Math.floor(random() * n)
      const clock = fakeClock(500_000 * 60 * minute)
      const store = openMemoryStore()
      let past = await openPast(store, { clock })
      const people: Id[] = [createId(), createId(), createId()]
      const files = await Promise.all(['a.txt', 'b.txt'].map((path) => past.create(path, 'one\n', createId())))
      /** Every text at every version. */
      const contents = new Map<number, string[]>()
      const look = async () => {
        const docs = await Promise.all(files.map((fileId) => past.load({ kind: 'file', fileId })))
        contents.set(
          past.updates.head(),
          docs.map((doc) => doc.getText('content').toString()),
        )
      }
      await look()
      const first = past.updates.head()
      for (let i = 0; i < 60; i++) {
        const author = people[pick(3)] ?? ''
        const ref = { kind: 'file', fileId: files[pick(2)] ?? '' } as const
        if (random() < 0.1) {
          await past.ground.change({ kind: 'files' }, { author, origin: 'rest' }, (doc) =>
            openFiles(doc).move(ref.fileId, `${ref.fileId.slice(-4)}-${i}.txt`),
          )
        } else {
          await past.ground.change(ref, { author, origin: 'rest' }, (doc) => {
            const text = doc.getText('content')
            const at = pick(text.length + 1)
            if (random() < 0.3) text.delete(at, Math.min(3, text.length - at))
            else text.insert(at, 'xyz'.slice(pick(3)))
          })
        }
        await look()
        if (random() < 0.05)
          await past.history.checkpoints.make({ name: `${i}`, kind: 'manual' }, { id: author, name: 'x' })
        clock.advance(random() < 0.2 ? 5 * minute : 1_000)
      }
      const steps = await stepsOf(past)
      const head = past.updates.head()
      const path = (await past.history.versions.index(head)).byId.get(files[0] ?? '')?.path ?? ''
      const authors = authorsOf(await past.history.blame(path, head))
      const named = await past.history.checkpoints.versions()

      let thinnedTo = 0
      for (let round = 0; round < 3; round++) {
        thinnedTo = clock.now() - pick(4) * 20 * minute
        // Cut short after some documents, and gone on with after a restart.
        const stop = new AbortController()
        const heads = past.updates.thin
        let documents = pick(3)
        past.updates.thin = (...args) => {
          if (documents-- <= 0) stop.abort()
          return heads(...args)
        }
        await past.history.thin({ thinBefore: thinnedTo, forgetBefore: 0 }, stop.signal)
        past = await openPast(store, { clock })
      }
      const { versions } = past.history
      for (const [version, texts] of contents) {
        const shown = versions.resolve(version)
        expect(shown).toBeLessThanOrEqual(version)
        if (shown < first) continue
        expect(await Promise.all(files.map((file) => versions.text(file, shown)))).toEqual(contents.get(shown))
        if (named.includes(version) || version >= head) expect(shown).toBe(version)
        if (shown === version) expect(contents.get(shown)).toEqual(texts)
      }
      expect(await stepsOf(past)).toEqual(steps)
      for (const { seq, before } of steps) {
        expect(versions.resolve(seq)).toBe(seq)
        expect(versions.resolve(before)).toBeLessThanOrEqual(before)
      }
      expect(authorsOf(await past.history.blame(path, head))).toEqual(authors)
    }),
    { numRuns: 10 },
  )
}, 60_000)

test('[LOG-64] [LOG-66] much older versions go but those with a name, and characters keep their authors', async () => {
  const clock = fakeClock(500_000 * 60 * minute)
  const past = await openPast(openMemoryStore(), { clock })
  const [mira, ben] = [createId(), createId()]
  const file = await past.create('a.txt', '', mira)
  const ref = { kind: 'file', fileId: file } as const
  const type = async (author: Id, letter: string) => {
    clock.advance(5 * minute)
    await past.ground.change(ref, { author, origin: 'rest' }, (doc) =>
      doc.getText('content').insert(doc.getText('content').length, letter),
    )
  }
  for (let i = 0; i < 10; i++) await type(i % 2 ? ben : mira, i % 2 ? 'b' : 'm')
  // The version that gets the name is not one of a file: naming is a change, too.
  const name = (called: string) =>
    past.history.checkpoints.make({ name: called, kind: 'manual' }, { id: mira, name: 'Mira' })
  await past.history.checkpoints.remove((await name('not kept')).id)
  const named = await name('kept')
  for (let i = 0; i < 10; i++) await type(i % 2 ? ben : mira, i % 2 ? 'b' : 'm')
  const forgetBefore = clock.now() - 12 * minute
  expect(await past.history.thin({ thinBefore: 0, forgetBefore }, AbortSignal.timeout(60_000))).toBeGreaterThan(10)

  const { versions } = past.history
  const head = past.updates.head()
  expect(versions.resolve(named.seq)).toBe(named.seq)
  expect(await versions.text(file, named.seq)).toBe('mbmbmbmbmb')
  expect(versions.resolve(named.seq + 3)).toBe(named.seq)
  expect(versions.resolve(named.seq - 1)).toBe(0)
  expect(await versions.text(file, head)).toBe('mbmbmbmbmbmbmbmbmbmb')
  expect((await stepsOf(past)).map(({ to }) => clock.now() - to)).toEqual([0, 5 * minute, 10 * minute])
  const { authors, runs } = await past.history.blame('a.txt', head)
  expect(runs.map(({ author }) => authors[author]?.id)).toEqual(
    Array.from({ length: 20 }, (_, i) => (i % 2 ? ben : mira)),
  )
  let entries = 0
  for await (const _ of past.updates.entries(docPath(ref))) entries += 1
  // One up to the name, one up to the last that was forgotten, and those that are newer.
  expect(entries).toBe(5)

  // A name that is taken away goes with the next of the past.
  await past.history.checkpoints.remove(named.id)
  clock.advance(20 * minute)
  await type(mira, 'm')
  await past.history.thin({ thinBefore: 0, forgetBefore: clock.now() - minute }, AbortSignal.timeout(60_000))
  expect(versions.resolve(named.seq)).toBe(0)
  expect(await versions.text(file, past.updates.head())).toBe('mbmbmbmbmbmbmbmbmbmbm')
})

test('[LOG-62] [LOG-63] a version that gets a name while the past is being thinned is kept', async () => {
  const clock = fakeClock(500_000 * 60 * minute)
  const past = await openPast(openMemoryStore(), { clock })
  const author = createId()
  const file = await past.create('a.txt', '', author)
  for (let i = 0; i < 20; i++) {
    await past.ground.change({ kind: 'file', fileId: file }, { author, origin: 'rest' }, (doc) =>
      doc.getText('content').insert(0, 'x'),
    )
  }
  clock.advance(60 * minute)
  const version = past.updates.head() - 10
  const text = await past.history.versions.text(file, version)
  const { heads } = past.updates
  let made: { seq: number } | undefined
  past.updates.heads = async function* (range) {
    for await (const head of heads(range)) {
      made ??= await past.history.checkpoints.make({ name: 'kept', version, kind: 'manual' }, { id: author, name: 'x' })
      yield head
    }
  }
  expect(
    await past.history.thin({ thinBefore: clock.now() - 1, forgetBefore: 0 }, AbortSignal.timeout(60_000)),
  ).toBeGreaterThan(10)
  expect(made?.seq).toBe(version)
  expect(past.history.versions.resolve(version)).toBe(version)
  expect(await past.history.versions.text(file, version)).toBe(text)
})

test('[LOG-71] where nothing is kept up to a version, to bring it back is refused instead of deleting everything', async () => {
  const clock = fakeClock(500_000 * 60 * minute)
  const past = await openPast(openMemoryStore(), { clock })
  const by = { id: createId(), name: 'Mira' }
  for (const path of ['a.txt', 'b.txt', 'c.txt']) {
    await past.create(path, 'text', by.id)
    clock.advance(10 * minute)
  }
  const steps = await stepsOf(past)
  const older = steps.at(-1)?.seq ?? 0
  const undone = { from: older, to: past.updates.head() }
  await past.history.thin({ thinBefore: 0, forgetBefore: clock.now() - 5 * minute }, AbortSignal.timeout(60_000))
  expect(past.history.versions.resolve(older)).toBe(0)
  await expect(past.history.restore({ version: older }, by)).rejects.toMatchObject({ code: 'not-found' })
  await expect(past.history.revert(undone, by)).rejects.toMatchObject({ code: 'not-found' })
  const { byPath } = await past.history.versions.index(past.updates.head())
  expect([...byPath.keys()].toSorted()).toEqual(['a.txt', 'b.txt', 'c.txt'])
})
