import { createId } from '@tandem/shared'
import { expect, test } from 'vitest'
import { nothing } from './snapshots.ts'
import type { DocStat, Entry, KeyRange, Range, Store, Write } from './store.ts'

const author = createId()
const stat: DocStat = { ...nothing, seq: 1, tailBytes: 3 }
export const entry = (seq: number, doc: string, ...bytes: number[]): Write & { t: 'entry' } => ({
  t: 'entry',
  entry: { seq, doc, previous: 0, update: Uint8Array.from(bytes), author, origin: 'socket', at: 1_000 + seq },
})
export async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = []
  for await (const value of values) out.push(value)
  return out
}

/** What every store must do; `open` gives a fresh, empty one. */
export function storeContract(open: () => Promise<Store>): void {
  test('[LOG-27] an empty store has no past', async () => {
    const store = await open()
    expect(await store.head()).toBe(0)
    expect(await all(store.docs())).toEqual([])
    expect(await all(store.heads())).toEqual([])
    expect(await store.snapshot('files')).toBeUndefined()
    expect(await store.read('meta', 'workspace')).toBeUndefined()
  })

  test('[LOG-27] [LOG-25] an entry comes back as it was written, with author, door and time', async () => {
    const store = await open()
    const cause = { task: createId(), restoredFrom: 3 }
    const full: Entry = { ...entry(9, 'files', 0, 255, 7).entry, previous: 4, cause, note: { via: [5] } }
    await store.commit([{ t: 'entry', entry: full }])
    expect(await all(store.entries('files'))).toEqual([full])
  })

  test("[LOG-27] a document's entries come in order, from after to upTo, and no other's", async () => {
    const store = await open()
    await store.commit([entry(1, 'file/a', 1), entry(2, 'file/ab', 2), entry(3, 'file/a', 3)])
    await store.commit([entry(11, 'file/a', 4)])
    const seqs = async (range?: Range) => (await all(store.entries('file/a', range))).map((e) => e.seq)
    expect(await seqs()).toEqual([1, 3, 11])
    expect(await seqs({ after: 1 })).toEqual([3, 11])
    expect(await seqs({ after: 1, upTo: 3 })).toEqual([3])
    expect(await store.head()).toBe(11)
    expect(await seqs({ upTo: 3, reverse: true })).toEqual([3, 1])
  })

  test('[LOG-34] heads tell of all entries in their order, either way, without the updates', async () => {
    const store = await open()
    const full: Entry = { ...entry(3, 'file/a', 1, 2).entry, previous: 1, cause: { run: createId() }, note: { n: 1 } }
    await store.commit([entry(1, 'file/a', 1), entry(2, 'file/ab', 2), { t: 'entry', entry: full }])
    await store.commit([entry(11, 'files', 4)])
    const { update: _, previous: __, ...head } = full
    expect(await all(store.heads({ after: 2, upTo: 3 }))).toEqual([{ ...head, bytes: 2 }])
    const told = async (range?: Range) => (await all(store.heads(range))).map(({ seq, doc }) => [seq, doc])
    expect(await told({ after: 1 })).toEqual([
      [2, 'file/ab'],
      [3, 'file/a'],
      [11, 'files'],
    ])
    expect(await told({ upTo: 3, reverse: true })).toEqual([
      [3, 'file/a'],
      [2, 'file/ab'],
      [1, 'file/a'],
    ])
  })

  test('[LOG-36] entries are replaced by one that stands at the last of them, and no others are touched', async () => {
    const store = await open()
    await store.commit([1, 3, 4, 6].map((seq) => entry(seq, 'file/a', seq)))
    await store.commit([entry(2, 'file/ab', 2), entry(5, 'file/b', 5)])
    const { entry: folded } = entry(4, 'file/a', 3, 4)
    await store.commit([{ t: 'replace', doc: 'file/a', after: 1, upTo: 4, entry: { ...folded, previous: 1 } }])
    const seqs = async (doc: string) => (await all(store.entries(doc))).map((e) => [e.seq, e.previous, ...e.update])
    expect(await seqs('file/a')).toEqual([
      [1, 0, 1],
      [4, 1, 3, 4],
      [6, 0, 6],
    ])
    expect(await seqs('file/ab')).toEqual([[2, 0, 2]])
    expect((await all(store.heads())).map((e) => e.seq)).toEqual([1, 2, 4, 5, 6])
    await store.commit([{ t: 'replace', doc: 'file/a', after: 0, upTo: 4 }])
    expect(await seqs('file/a')).toEqual([[6, 0, 6]])
  })

  test('[LOG-36] snapshots go by their versions, and all of a document with it, its standing too', async () => {
    const store = await open()
    const snapshot = (doc: string, seq: number): Write => ({ t: 'snapshot', doc, seq, state: Uint8Array.of(seq) })
    await store.commit([2, 4, 6].map((seq) => snapshot('file/a', seq)))
    await store.commit([entry(6, 'file/a', 1), { t: 'doc', doc: 'file/a', stat }, snapshot('file/ab', 4)])
    await store.commit([{ t: 'drop-snapshots', doc: 'file/a', after: 2, upTo: 5 }])
    expect(await store.snapshot('file/a', 5)).toMatchObject({ seq: 2 })
    expect(await store.snapshot('file/a')).toMatchObject({ seq: 6 })
    await store.commit([{ t: 'drop', doc: 'file/a' }])
    expect(await store.snapshot('file/a')).toBeUndefined()
    expect(await all(store.entries('file/a'))).toEqual([])
    expect(await all(store.heads())).toEqual([])
    expect(await all(store.docs())).toEqual([])
    expect(await store.snapshot('file/ab')).toMatchObject({ seq: 4 })
  })

  test('[LOG-27] one entry is found by its document and its version, many asked for at once each for itself', async () => {
    const store = await open()
    await store.commit([entry(1, 'files', 1), entry(2, 'files2', 2)])
    const asked = await Promise.all([store.entry('files2', 2), store.entry('files', 2), store.entry('files', 1)])
    expect(asked.map((found) => found && [found.doc, found.seq])).toEqual([['files2', 2], undefined, ['files', 1]])
  })

  test('[LOG-27] the newest snapshot at or before a version is found', async () => {
    const store = await open()
    const snapshot = (seq: number): Write => ({ t: 'snapshot', doc: 'files', seq, state: Uint8Array.of(seq) })
    await store.commit([snapshot(3), snapshot(12), { ...snapshot(20), doc: 'files2' } as Write])
    expect(await store.snapshot('files')).toEqual({ seq: 12, state: Uint8Array.of(12) })
    expect(await store.snapshot('files', 12)).toMatchObject({ seq: 12 })
    expect(await store.snapshot('files', 11)).toMatchObject({ seq: 3 })
    expect(await store.snapshot('files', 2)).toBeUndefined()
  })

  test('[LOG-27] records are kept by table and key, listed in order, and removed by undefined', async () => {
    const store = await open()
    const record = (key: string, value: unknown): Write => ({ t: 'record', table: 'keys', key, value })
    await store.commit([record('b', { n: 2 }), record('a', 'one'), { ...record('c', 3), table: 'meta' } as Write])
    expect(await store.read('keys', 'b')).toEqual({ n: 2 })
    expect(await all(store.list('keys'))).toEqual([
      ['a', 'one'],
      ['b', { n: 2 }],
    ])
    await store.commit([record('c', 3)])
    const keys = async (range: KeyRange) => (await all(store.list('keys', range))).map(([key]) => key)
    expect(await keys({ reverse: true })).toEqual(['c', 'b', 'a'])
    expect(await keys({ before: 'c' })).toEqual(['a', 'b'])
    expect(await keys({ before: 'c', reverse: true })).toEqual(['b', 'a'])
    expect(await keys({ before: 'bb', reverse: true })).toEqual(['b', 'a'])
    await store.commit([record('a', undefined), record('c', undefined)])
    expect(await all(store.list('keys'))).toEqual([['b', { n: 2 }]])
  })

  test('[LOG-27] where each document stands is kept', async () => {
    const store = await open()
    await store.commit([
      { t: 'doc', doc: 'files', stat },
      { t: 'doc', doc: 'files', stat: { ...stat, seq: 9 } },
    ])
    expect(await all(store.docs())).toEqual([['files', { ...stat, seq: 9 }]])
  })

  test('[LOG-24] a writer with an old fence is refused, and nothing of its batch is written', async () => {
    const store = await open()
    const old = await store.takeFence()
    const mine = await store.takeFence()
    await expect(store.commit([entry(1, 'files', 1)], old)).rejects.toMatchObject({ code: 'conflict' })
    expect(await store.head()).toBe(0)
    await store.commit([entry(1, 'files', 1)], mine)
    expect(await store.head()).toBe(1)
  })

  test('[LOG-27] it works on after a recovery', async () => {
    const store = await open()
    await store.commit([entry(1, 'files', 1)])
    await store.recover()
    await store.commit([entry(2, 'files', 2)])
    expect((await all(store.entries('files'))).map((e) => e.seq)).toEqual([1, 2])
  })
}
