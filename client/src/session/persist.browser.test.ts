import { createId, silentLog } from '@tandem/shared'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { databaseName, openPersist, type Persist } from './persist.ts'

const fresh = () => databaseName(createId(), createId())

/** A document whose every update goes into `persist` as an own one. */
function writer(persist: Persist, doc: string) {
  const y = new Y.Doc()
  const kept: Promise<number | undefined>[] = []
  y.on('update', (update: Uint8Array) => kept.push(persist.keepOwn(doc, update)))
  return { text: y.getText('t'), kept }
}

async function textOf(persist: Persist, doc: string): Promise<string | undefined> {
  const stored = await persist.load(doc)
  if (!stored) return undefined
  const y = new Y.Doc()
  Y.applyUpdate(y, stored.update)
  return y.getText('t').toString()
}

const waiting = (persist: Persist, count: number) => expect.poll(() => persist.state.snapshot().waiting).toBe(count)

test('[UI-40] [S26] what was typed offline is there after a reload, and counted as waiting', async () => {
  const name = fresh()
  const before = openPersist(name, silentLog)
  const { text, kept } = writer(before, 'file/a')
  for (const [i, letter] of [...'hello'].entries()) text.insert(i, letter)
  await Promise.all(kept)
  before.close()

  const after = openPersist(name, silentLog)
  expect(await textOf(after, 'file/a')).toBe('hello')
  await waiting(after, 5)
  expect((await after.outbox()).get('file/a')?.keys).toHaveLength(5)
  await after.destroy()
})

test('[UI-41] only what is acknowledged leaves the outbox; the content stays', async () => {
  const persist = openPersist(fresh(), silentLog)
  const { text, kept } = writer(persist, 'file/a')
  text.insert(0, 'a')
  text.insert(1, 'b')
  const keys = (await Promise.all(kept)).filter((key) => key !== undefined)
  persist.acknowledge(keys.slice(0, 1))
  await waiting(persist, 1)
  persist.acknowledge(keys.slice(1))
  await waiting(persist, 0)
  expect(await textOf(persist, 'file/a')).toBe('ab')
  await persist.destroy()
})

test('[UI-42] many updates are folded into one without losing any, also while others write', async () => {
  const name = fresh()
  const [left, right] = [openPersist(name, silentLog), openPersist(name, silentLog)]
  const y = new Y.Doc()
  y.on('update', (update: Uint8Array) => (y.getText('t').length % 2 === 0 ? left : right).keep('file/a', update))
  for (let i = 0; i < 400; i++) y.getText('t').insert(i, String(i % 10))
  const want = y.getText('t').toString()
  await expect.poll(() => textOf(left, 'file/a')).toBe(want)
  const reopened = openPersist(name, silentLog)
  expect(await textOf(reopened, 'file/a')).toBe(want)
  for (const persist of [left, right]) persist.close()
  await reopened.destroy()
})

test('[UI-43] a document that was never kept here is told from an empty one', async () => {
  const persist = openPersist(fresh(), silentLog)
  expect(await persist.load('file/nothing')).toBeUndefined()
  await persist.destroy()
})

test('[UI-201] what older pages kept of outputs is thrown away, and nothing else', async () => {
  const persist = openPersist(fresh(), silentLog)
  const docs = ['log/a.1', 'log/b.2', 'logs', 'lo', 'file/a']
  for (const doc of docs) {
    const { text, kept } = writer(persist, doc)
    text.insert(0, doc)
    await Promise.all(kept)
  }
  await persist.forget('log/')
  const left = await Promise.all(docs.map((doc) => textOf(persist, doc)))
  expect(left).toEqual([undefined, undefined, 'logs', 'lo', 'file/a'])
  expect((await persist.outbox()).size).toBe(docs.length)
  await persist.destroy()
})

test('[UI-26] a browser that refuses storage says so, and nothing throws', async () => {
  const open = indexedDB.open.bind(indexedDB)
  indexedDB.open = () => {
    throw new DOMException('no', 'SecurityError')
  }
  try {
    const persist = openPersist(fresh(), silentLog)
    expect(await persist.keepOwn('file/a', new Uint8Array([0, 0]))).toBeUndefined()
    expect(await persist.load('file/a')).toBeUndefined()
    expect(persist.state.snapshot().failure).toBe('this browser does not allow storage here')
  } finally {
    indexedDB.open = open
  }
})
