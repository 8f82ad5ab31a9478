import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { bulkFrames, createId } from '@tandem/shared'
import { randomFrom } from '@tandem/shared/testing'
import * as Y from 'yjs'
import { sendAll } from './raw-client.ts'
import { startOurs, withFolder } from './servers.ts'
import type { Row } from './stats.ts'

const [edits, rounds] = [100_000, 5]

/**
 * Opening a document with a long past: the shape is that of the automerge-paper trace (182,315 single characters typed
 * and 77,463 deleted: seven of ten edits put something in), generated: runs of typing, runs of backspaces, jumps.
 */
export async function trace(): Promise<Row[]> {
  return withFolder(async (folder) => {
    const { updates, length } = editing(edits)
    const ref = { kind: 'file', fileId: createId() } as const
    const first = await startOurs(folder)
    const name = first.name(ref)
    const writer = await first.connect()
    await writer.open(name)
    await sendAll(writer, name, updates, 500)
    writer.close()
    await first.stop()

    const [loads, syncs] = [[] as number[], [] as number[]]
    let whole: Uint8Array = new Uint8Array()
    for (let i = 0; i < rounds; i++) {
      const server = await startOurs(folder)
      const from = performance.now()
      const { body } = await server.api('/bulk/read', { method: 'POST', body: JSON.stringify({ docs: [name] }) })
      if (!body) throw new Error('bulk read answered nothing')
      for await (const { update } of bulkFrames(body)) whole = update ?? whole
      loads.push(performance.now() - from)
      await server.stop()

      const again = await startOurs(folder)
      const client = await again.connect()
      const syncFrom = performance.now()
      const doc = new Y.Doc()
      await client.open(name, (update) => Y.applyUpdate(doc, update))
      syncs.push(performance.now() - syncFrom)
      client.close()
      await again.stop()
      if (doc.getText('content').length !== length) throw new Error('the document is not whole')
    }
    const floor = {
      what: 'Y.applyUpdate of all as one update',
      samples: Array.from({ length: rounds }, () => apply(whole)),
    }
    const logBytes = updates.reduce((sum, update) => sum + update.length, 0)
    return [
      {
        what: `cold load of ${edits} edits from the log, over REST`,
        samples: loads,
        floor,
        note: `${length} characters; updates ${kb(logBytes)}, as one ${kb(whole.length)}, folder ${kb(sizeOf(folder))}`,
      },
      { what: `cold first sync of ${edits} edits, applied in the client`, samples: syncs, floor },
    ]
  })
}

function editing(count: number): { updates: Uint8Array[]; length: number } {
  const random = randomFrom(1)
  const doc = new Y.Doc()
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  const text = doc.getText('content')
  let at = 0
  while (updates.length < count) {
    // Most runs go on where the last ended; some somewhere near, a few anywhere.
    const dice = random()
    if (dice < 0.06) at = Math.floor(random() * (text.length + 1))
    else if (dice < 0.2) at = Math.max(0, Math.min(text.length, at + Math.floor((random() - 0.5) * 400)))
    for (let n = 1 + random() * 32; n > 0 && updates.length < count; n--)
      text.insert(at++, letters[updates.length % 27] ?? 'x')
    if (random() < 0.6) for (let n = random() * 22; n > 0 && at > 0 && updates.length < count; n--) text.delete(--at, 1)
  }
  return { updates, length: text.length }
}
const letters = 'the quick brown fox jumps o'

function apply(update: Uint8Array): number {
  const from = performance.now()
  Y.applyUpdate(new Y.Doc(), update)
  return performance.now() - from
}

const kb = (bytes: number) => `${Math.round(bytes / 1_024)} KiB`
const sizeOf = (folder: string): number =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0)
