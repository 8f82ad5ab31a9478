import { cp, mkdtemp, open, readdir, rm } from 'node:fs/promises'
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

/** A closed store of thirty texts with a past each: the second opening puts the first half into LevelDB's tables. */
async function filled(folder: string, random: () => number): Promise<Map<string, string>> {
  const texts = new Map<string, string>()
  for (const part of [0, 1]) {
    const store = await openLevelStore(folder)
    const log = await openLog({ store, settings, log: silentLog })
    for (let i = 0; i < 15; i++) {
      const name = `file/${createId()}`
      const doc = new Y.Doc()
      doc.on('update', (update: Uint8Array) => log.append(name, update, meta, () => Y.encodeStateAsUpdate(doc)))
      const text = doc.getText('content')
      for (let n = 0; n < 10 + i * 4; n++) text.insert(Math.floor(random() * text.length), `${random()} `.repeat(3))
      texts.set(name, text.toString())
      await log.pending(name)
    }
    // Of the very last batch nobody can tell whether it rotted or a crash cut it short: no text is in it.
    await log.write([{ t: 'record', table: 'meta', key: 'last', value: part }])
    await log.close()
    await store.close()
  }
  return texts
}

/** What became of each text: `whole`, `damaged`, or what is wrong. */
async function look(folder: string, texts: ReadonlyMap<string, string>): Promise<string[]> {
  const store = await openLevelStore(folder)
  try {
    const log = await openLog({ store, settings, log: silentLog })
    const states = await Promise.all(
      [...texts].map(async ([doc, text]) => {
        const update = await log.load(doc).catch(refused)
        if (update === 'refused') return log.damaged().has(doc) ? 'damaged' : `${doc} is not told`
        return update && textIn(update) === text ? 'whole' : `${doc} is not as it was`
      }),
    )
    await log.close()
    return states
  } finally {
    await store.close()
  }
}
/** Anything but the store's own word for it is a defect. */
const refused = (e: unknown): 'refused' => {
  if (isTandemError(e, 'store-corrupt')) return 'refused'
  throw e
}

test(
  '[LOG-84] wherever a byte of the store’s files rots, a document is whole or told as damaged, or the start says why not',
  { timeout: 120_000 },
  async () => {
    const seed = 7
    const random = randomFrom(seed)
    const folder = await mkdtemp(path.join(tmpdir(), 'tandem-rot-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const whole = path.join(folder, 'whole')
    const texts = await filled(whole, random)
    const seen = new Set<string>()
    for (let i = 0; i < 60; i++) {
      const rotten = path.join(folder, `rotten-${i}`)
      await cp(whole, rotten, { recursive: true })
      const files = (await readdir(rotten)).filter((name) => /\.(ldb|log)$/.test(name))
      const name = files[Math.floor(random() * files.length)] ?? ''
      const at = await rot(path.join(rotten, name), random)
      const states = await look(rotten, texts).catch((e: unknown) => [refused(e)])
      for (const state of states) {
        expect(['whole', 'damaged', 'refused'], `byte ${at} of ${name}, seed ${seed}`).toContain(state)
        seen.add(state)
      }
      await rm(rotten, { recursive: true })
    }
    expect([...seen].toSorted()).toEqual(['damaged', 'refused', 'whole'])
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
