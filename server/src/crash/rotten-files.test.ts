import { cp, mkdtemp, open, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createId, isTandemError, readSettings, silentLog } from '@tandem/shared'
import { randomFrom } from '@tandem/shared/testing'
import { expect, onTestFinished, test } from 'vitest'
import * as Y from 'yjs'
import { openLevelStore } from '../store/level.ts'
import { openLog } from '../store/log.ts'

const settings = { ...readSettings({}), snapshotTailBytes: 2_000 }
const meta = { author: createId(), origin: 'socket' } as const
const textIn = (update: Uint8Array) => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update)
  return doc.getText('content').toString()
}

/** A closed store of twelve texts with a past each, all of it in LevelDB's write-ahead log. */
async function filled(folder: string, random: () => number): Promise<Map<string, string>> {
  const texts = new Map<string, string>()
  const store = await openLevelStore(folder)
  const log = await openLog({ store, settings, log: silentLog })
  for (let i = 0; i < 12; i++) {
    const name = `file/${createId()}`
    const doc = new Y.Doc()
    doc.on('update', (update: Uint8Array) => log.append(name, update, meta, () => Y.encodeStateAsUpdate(doc)))
    const text = doc.getText('content')
    for (let n = 0; n < 10 + i * 4; n++) text.insert(Math.floor(random() * text.length), `${random()} `.repeat(3))
    texts.set(name, text.toString())
    await log.pending(name)
  }
  // Of the very last batch nobody can tell whether it rotted or a crash cut it short: no text is in it.
  await log.write([{ t: 'record', table: 'meta', key: 'last', value: true }])
  await log.close()
  await store.close()
  return texts
}

/** The texts as a server would read them; undefined where it would not start. */
async function textsIn(folder: string, names: Iterable<string>): Promise<Map<string, string> | undefined> {
  try {
    const store = await openLevelStore(folder)
    const log = await openLog({ store, settings, log: silentLog })
    const texts = new Map<string, string>()
    for (const name of names) texts.set(name, textIn((await log.load(name)) ?? new Uint8Array([0, 0])))
    await log.close()
    await store.close()
    return texts
  } catch (e) {
    // Anything but the store's own word for it is a defect.
    if (isTandemError(e, 'store-corrupt')) return undefined
    throw e
  }
}

test(
  '[LOG-84] wherever a byte of the newest changes on disk rots, nothing of them is skipped: the start says why not, and leaves all as it is',
  { timeout: 120_000 },
  async () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    const random = randomFrom(seed)
    const folder = await mkdtemp(path.join(tmpdir(), 'tandem-rot-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const whole = path.join(folder, 'whole')
    const texts = await filled(whole, random)
    let refusals = 0
    for (let i = 0; i < 40; i++) {
      const rotten = path.join(folder, `rotten-${i}`)
      await cp(whole, rotten, { recursive: true })
      const [log = ''] = (await readdir(rotten)).filter((name) => name.endsWith('.log'))
      const at = await rot(path.join(rotten, log), random)
      const before = await readFile(path.join(rotten, log))
      const found = await textsIn(rotten, texts.keys())
      if (found) expect(found, `byte ${at}, seed ${seed}`).toEqual(texts)
      else {
        refusals += 1
        expect(before.equals(await readFile(path.join(rotten, log)))).toBe(true)
      }
      await rm(rotten, { recursive: true })
    }
    expect(refusals).toBeGreaterThan(20)
  },
)

async function rot(file: string, random: () => number): Promise<number> {
  const handle = await open(file, 'r+')
  try {
    const { size } = await handle.stat()
    const at = Math.floor(random() * size)
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at)
    await handle.write(Buffer.of((buffer[0] ?? 0) ^ (1 << Math.floor(random() * 8))), 0, 1, at)
    return at
  } finally {
    await handle.close()
  }
}
