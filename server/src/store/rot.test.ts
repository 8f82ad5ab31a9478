import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Health, createId, docPath, readSettings, silentLog } from '@tandem/shared'
import { Level } from 'level'
import { expect, onTestFinished, test, vi } from 'vitest'
import { acknowledged, testClient, testServer } from '../test-server.ts'
import { openLevelStore } from './level.ts'
import { key, type Db } from './level-keys.ts'
import { openLog } from './log.ts'
import { all } from './store.suite.ts'

/** Opens a stopped server's data, and closes it again. */
async function withDb<T>(dataDir: string, work: (db: Db) => Promise<T>): Promise<T> {
  const db: Db = new Level(path.join(dataDir, 'server'), { keyEncoding: 'utf8', valueEncoding: 'view' })
  await db.open()
  try {
    return await work(db)
  } finally {
    await db.close()
  }
}
const rotten = (value: Uint8Array) => value.map((byte, i) => (i === value.length - 1 ? byte ^ 1 : byte))
const rot = (dataDir: string, k: string) =>
  withDb(dataDir, async (db) => {
    const value = await db.get(k)
    if (!value) throw new Error(`no ${k}`)
    await db.put(k, rotten(value))
    return value
  })
const restore = (dataDir: string, k: string, value: Uint8Array) => withDb(dataDir, (db) => db.put(k, value))

/** A stopped server's data with a file that was written in two steps, the second long enough for a snapshot. */
async function written() {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'tandem-rot-'))
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
  const server = await testServer({ dataDir, flags: { snapshotTailBytes: 2_000 } })
  const doc = { kind: 'file', fileId: createId() } as const
  const client = await testClient(server)
  const writer = await client.open(doc)
  for (const word of ['one ', 'two '.repeat(800), 'three ']) {
    writer.text.insert(writer.text.length, word)
    await acknowledged(writer.provider)
  }
  const text = writer.text.toString()
  client.socket.destroy()
  await server.end()
  return { dataDir, ownerKey: server.ownerKey, doc, name: docPath(doc), text }
}
type Written = Awaited<ReturnType<typeof written>>

async function readAgain({ dataDir, ownerKey, doc }: Written) {
  const server = await testServer({ dataDir, ownerKey })
  const answer = await server.inWorkspace('/bulk/read', {
    method: 'POST',
    body: JSON.stringify({ docs: [docPath(doc)] }),
  })
  await answer.arrayBuffer()
  const client = await testClient(server)
  const { text } = await client.open(doc)
  return { server, text: text.toString(), client }
}

test(
  '[LOG-38] whatever single value is rotten, the server starts; only the workspace’s own ends it, with a sentence',
  { timeout: 60_000 },
  async () => {
    const { dataDir, ownerKey } = await written()
    const keys = await withDb(dataDir, (db) => db.keys().all())
    expect(keys.length).toBeGreaterThan(10)
    for (const k of keys) {
      const value = await rot(dataDir, k)
      const started = testServer({ dataDir, ownerKey })
      if (k === key.record('meta', 'workspace')) {
        await expect(started).rejects.toMatchObject({ code: 'store-corrupt', message: expect.stringContaining(k) })
      } else {
        const server = await started
        await server.end()
      }
      await restore(dataDir, k, value)
    }
  },
)

test('[LOG-39] a snapshot that is damaged is made up for by what is behind it, and told', async () => {
  const data = await written()
  const [snapshot] = await withDb(data.dataDir, (db) => db.keys({ gte: `s!${data.name}`, lt: 's"' }).all())
  await rot(data.dataDir, snapshot ?? '')
  const { server, text } = await readAgain(data)
  expect(text).toBe(data.text)
  expect(server.lines.map((l) => l['msg'])).toContain('snapshot damaged, read from what is behind it')
})

test('[LOG-39] where a document stands is counted anew when it cannot be read', async () => {
  const data = await written()
  await rot(data.dataDir, key.doc(data.name))
  const { server, text } = await readAgain(data)
  expect(text).toBe(data.text)
  expect(server.lines.map((l) => l['msg'])).toContain('standing damaged, counted anew')
})

test('[LOG-39] the head of an entry that cannot be read is had from the entry; where both are lost it is told, and the others are whole', async () => {
  const data = await written()
  const heads = async () => {
    const store = await openLevelStore(path.join(data.dataDir, 'server'))
    const log = await openLog({ store, settings: readSettings({}), log: silentLog })
    const found = await all(log.heads())
    const backwards = await all(log.heads({ reverse: true }))
    await log.close()
    await store.close()
    expect(backwards.toReversed()).toEqual(found)
    return { found, damaged: [...log.damaged().keys()] }
  }
  const before = await heads()
  const lost = before.found.find((h) => h.doc === data.name)?.seq ?? 0
  await rot(data.dataDir, key.head(lost))
  expect(await heads()).toEqual(before)
  await rot(data.dataDir, key.entry(data.name, lost))
  const after = await heads()
  expect(after.found).toEqual(before.found.filter((h) => h.seq !== lost))
  expect(after.damaged).toEqual([`version ${lost}`])
})

test('[LOG-38] [LOG-28] a file that is damaged is named by health, and is never shown as empty', async () => {
  const data = await written()
  const [first] = await withDb(data.dataDir, (db) => db.keys({ gte: `u!${data.name}`, lt: 'u"' }).all())
  const [snapshot] = await withDb(data.dataDir, (db) => db.keys({ gte: `s!${data.name}`, lt: 's"' }).all())
  await rot(data.dataDir, first ?? '')
  await rot(data.dataDir, snapshot ?? '')
  const server = await testServer({ dataDir: data.dataDir, ownerKey: data.ownerKey })
  const client = await testClient(server)
  const { refusals } = client.attach(data.doc)
  await vi.waitFor(() => expect(refusals).toContain('store-corrupt'))
  const health = Health.parse(await (await server.api('/api/health')).json())
  expect(health).toMatchObject({ ready: true, reasons: [expect.stringContaining(data.name)] })
})

test('[LOG-39] where the standing and the snapshot of a document are both damaged, both are told and its entries are read', async () => {
  const data = await written()
  const [snapshot] = await withDb(data.dataDir, (db) => db.keys({ gte: `s!${data.name}`, lt: 's"' }).all())
  await rot(data.dataDir, snapshot ?? '')
  await rot(data.dataDir, key.doc(data.name))
  const { server, text } = await readAgain(data)
  expect(text).toBe(data.text)
  const told = server.lines.map((l) => l['msg'])
  expect(told).toContain('standing damaged, counted anew')
  expect(told).toContain('snapshot damaged, read from what is behind it')
})
