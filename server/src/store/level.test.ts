import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Level } from 'level'
import { expect, onTestFinished, test } from 'vitest'
import { openLevelStore } from './level.ts'
import { all, entry, storeContract } from './store.suite.ts'

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tandem-level-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
async function open(folder: string) {
  const store = await openLevelStore(folder, { lockMs: 0 })
  onTestFinished(() => store.close())
  return store
}

storeContract(async () => open(await temporaryFolder()))

/** Changes one stored value behind the store's back. */
async function tamper(folder: string, key: string, change: (value: Uint8Array) => Uint8Array) {
  const db = new Level<string, Uint8Array>(folder, { valueEncoding: 'view' })
  const value = await db.get(key)
  if (!value) throw new Error(`no ${key}`)
  await db.put(key, change(value))
  await db.close()
}
const flipped = (value: Uint8Array) => value.map((byte, i) => (i === value.length - 1 ? byte ^ 1 : byte))
const cut = (value: Uint8Array) => value.slice(0, -1)

test('[LOG-1] what was committed is there when the folder is opened anew', async () => {
  const folder = await temporaryFolder()
  const first = await open(folder)
  await first.commit([entry(1, 'files', 1, 2, 3)])
  await first.close()
  expect(await all((await open(folder)).entries('files'))).toMatchObject([{ update: Uint8Array.of(1, 2, 3) }])
})

for (const [how, change] of Object.entries({ flipped, cut })) {
  test(`[LOG-28] an entry with a byte ${how} is an error that names it, and other documents are whole`, async () => {
    const folder = await temporaryFolder()
    const first = await open(folder)
    await first.commit([entry(1, 'file/a', 1), entry(2, 'file/b', 2)])
    await first.close()
    await tamper(folder, 'u!file/a!00000000000001', change)
    const store = await open(folder)
    await expect(all(store.entries('file/a'))).rejects.toMatchObject({
      code: 'store-corrupt',
      details: { doc: 'file/a', seq: 1 },
    })
    expect(await all(store.entries('file/b'))).toHaveLength(1)
  })
}

test('[LOG-28] a damaged snapshot is an error, not an empty document', async () => {
  const folder = await temporaryFolder()
  const first = await open(folder)
  await first.commit([{ t: 'snapshot', doc: 'files', seq: 7, state: Uint8Array.of(1, 2) }])
  await first.close()
  await tamper(folder, 's!files!00000000000007', flipped)
  await expect((await open(folder)).snapshot('files')).rejects.toMatchObject({ code: 'store-corrupt' })
})

test('[LOG-29] a folder that another holds is refused with a sentence', async () => {
  const folder = await temporaryFolder()
  await open(folder)
  await expect(openLevelStore(folder, { lockMs: 0 })).rejects.toMatchObject({
    code: 'store-locked',
    message: expect.stringContaining('another process'),
  })
})

test('[LOG-29] a folder that a predecessor is still closing is waited for', async () => {
  const folder = await temporaryFolder()
  const first = await open(folder)
  const waiting = openLevelStore(folder, { lockMs: 5_000 })
  await first.close()
  const second = await waiting
  onTestFinished(() => second.close())
  expect(await second.head()).toBe(0)
})

test('[LOG-24] the fence outlives the process', async () => {
  const folder = await temporaryFolder()
  const first = await open(folder)
  const old = await first.takeFence()
  await first.close()
  expect(await (await open(folder)).takeFence()).toBeGreaterThan(old)
})
