import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createId, readSettings, silentLog, systemClock } from '@tandem/shared'
import * as encoding from 'lib0/encoding'
import { Level } from 'level'
import { expect, onTestFinished, test } from 'vitest'
import * as Y from 'yjs'
import { encodeJson, seal } from './encode.ts'
import { openLevelStore } from './level.ts'
import { key, type Db } from './level-keys.ts'
import { migrate } from './migrate.ts'
import { all } from './store.suite.ts'
import { openLog } from './log.ts'
import { openWorkspace } from './workspace.ts'

const author = createId()
const utf8 = new TextEncoder()

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tandem-migrate-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
const openDb = (folder: string): Db => new Level(folder, { keyEncoding: 'utf8', valueEncoding: 'view' })

/** Data as version 1 wrote it: two texts by turns, `count` changes, one author. Returns the texts. */
async function writeVersion1(folder: string, count: number): Promise<Map<string, string>> {
  const db = openDb(folder)
  const texts = new Map(['file/a', 'file/b'].map((doc) => [doc, new Y.Doc()]))
  const batch: { type: 'put'; key: string; value: Uint8Array }[] = []
  const put = (k: string, value: Uint8Array) => batch.push({ type: 'put', key: k, value })
  let seq = 0
  for (const [doc, text] of texts) {
    text.on('update', (update: Uint8Array) => {
      seq += 1
      const e = encoding.createEncoder()
      encoding.writeVarString(e, JSON.stringify({ author, origin: 'socket', at: seq, note: { via: [7] } }))
      encoding.writeVarUint8Array(e, update)
      put(key.entry(doc, seq), seal(encoding.toUint8Array(e)))
      put(key.head(seq), seal(utf8.encode(doc)))
      put(key.doc(doc), encodeJson({ seq, snapshotSeq: 0, snapshotBytes: 0, tailBytes: seq }))
    })
  }
  for (let i = 0; i < count; i++) for (const text of texts.values()) text.getText('content').insert(0, `${i} `)
  const ids = { id: createId(), epoch: createId(), serverId: createId(), ownerId: createId() }
  const workspace = { schema: 1, ...ids, generation: 1, name: 'old', createdAt: 1 }
  put(key.record('meta', 'workspace'), encodeJson(workspace))
  for (const text of texts.values()) put(key.record('authors', String(text.clientID)), encodeJson(author))
  await db.batch(batch)
  await db.close()
  return new Map([...texts].map(([doc, text]) => [doc, text.getText('content').toString()]))
}

async function open(folder: string) {
  const store = await openLevelStore(folder, { lockMs: 0 })
  onTestFinished(() => store.close())
  return store
}
const log = async (folder: string) => {
  const store = await open(folder)
  await openWorkspace(store, 'old', systemClock)
  return { store, updates: await openLog({ store, settings: readSettings({}), log: silentLog }) }
}
const textIn = (update: Uint8Array | undefined) => {
  const doc = new Y.Doc()
  if (update) Y.applyUpdate(doc, update)
  return doc.getText('content').toString()
}
async function expectCurrent(folder: string, texts: Map<string, string>) {
  const { store, updates } = await log(folder)
  expect(await store.read('meta', 'workspace')).toMatchObject({ schema: 2, name: 'old' })
  for (const [doc, text] of texts) expect(textIn(await updates.load(doc))).toBe(text)
  const heads = await all(store.heads())
  expect(heads.map((h) => h.seq)).toEqual(heads.map((_, i) => i + 1))
  expect(heads[2]).toMatchObject({ doc: 'file/a', author, origin: 'socket', at: 3, note: { via: [7] } })
  expect((await all(store.entries('file/b'))).map((e) => e.previous)).toEqual(
    heads.map((h) => h.seq - 2).filter((s) => s % 2 === 0),
  )
  const [first] = await all(store.list('authors'))
  expect(updates.authors.of(Number(first?.[0]))).toEqual({ principal: author, at: 0 })
}

test('[LOG-35] data of version 1 is brought up to date at the start, and nothing of it is lost', async () => {
  const folder = await temporaryFolder()
  const texts = await writeVersion1(folder, 40)
  await expectCurrent(folder, texts)
})

test('[LOG-35] a migration that is cut short anywhere is done again at the next start', async () => {
  for (const at of [0, 1, 2, 5]) {
    const folder = await temporaryFolder()
    const texts = await writeVersion1(folder, 40)
    const db = openDb(folder)
    let batches = 0
    const dies = () => {
      if (batches++ >= at) throw new Error('killed')
    }
    const failing = new Proxy(db, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          if (name === 'batch' || name === 'put') dies()
          return Reflect.apply(value, target, args) as unknown
        }
      },
    })
    await db.open()
    await migrate(failing, 400).catch(() => {})
    await db.close()
    await expectCurrent(folder, texts)
  }
})

test('[LOG-35] what is damaged in data of version 1 stays as it is and is told; a missing entry still shows', async () => {
  const folder = await temporaryFolder()
  const texts = await writeVersion1(folder, 5)
  const db = openDb(folder)
  await db.del(key.entry('file/a', 5))
  await db.put(key.entry('file/b', 4), Uint8Array.of(1, 2, 3))
  await db.close()
  const { store, updates } = await log(folder)
  await expect(updates.load('file/a')).rejects.toMatchObject({ code: 'store-corrupt', details: { seq: 5 } })
  await expect(updates.load('file/b')).rejects.toMatchObject({ code: 'store-corrupt', details: { seq: 4 } })
  expect(textIn(await updates.load('file/b', 2))).toBe('0 ')
  expect(await store.read('meta', 'workspace')).toMatchObject({ schema: 2 })
  expect(texts.size).toBe(2)
})
