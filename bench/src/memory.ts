import { createId, encodeBulkFrame } from '@tandem/shared'
import * as Y from 'yjs'
import { pause } from './pause.ts'
import { startOurs, withBoth, withFolder, type Server } from './servers.ts'
import type { Row } from './stats.ts'

const [empties, texts, stored, idleMs] = [1_000, 200, 10_000, 500]

/** What documents cost in memory, in KiB each: open ones, and those that only exist. */
export async function memory(): Promise<Row[]> {
  const open = await withBoth(async ({ ours, plain }) => {
    const text = textOf(400, 42)
    const cost = async (server: Server) => ({
      empty: await perDocument(server, empties),
      text: await perDocument(server, texts, text),
    })
    return { ours: await cost(ours), plain: await cost(plain) }
  })
  const inMemory = (kib: number) => ({ what: 'Hocuspocus in memory', samples: [kib] })
  const { kib, rss } = await withFolder(existing)
  return [
    { what: 'open document, empty (KiB)', samples: [open.ours.empty], floor: inMemory(open.plain.empty) },
    {
      what: 'open document, 16,800 characters in 400 inserts (KiB)',
      samples: [open.ours.text],
      floor: inMemory(open.plain.text),
    },
    { what: 'document that nobody has open (KiB)', samples: [kib], note: `of ${stored}; process ${rss.toFixed(0)} MB` },
  ]
}

async function perDocument(server: Server, count: number, update?: Uint8Array): Promise<number> {
  const client = await server.connect()
  const names = Array.from({ length: count }, () => server.name({ kind: 'file', fileId: createId() }))
  const { used: before } = await server.memory()
  for (const name of names) {
    await client.open(name)
    if (update) await client.send(name, update)
  }
  const { used } = await server.memory()
  client.close()
  return (used - before) / count / 1_024
}

async function existing(folder: string): Promise<{ kib: number; rss: number }> {
  const server = await startOurs(folder, { TANDEM_DOC_IDLE_MS: String(idleMs), TANDEM_PING_MS: '100' })
  try {
    const { used: before } = await server.memory()
    const update = textOf(1, 600)
    const frames = Array.from({ length: stored }, () =>
      encodeBulkFrame({ doc: server.name({ kind: 'file', fileId: createId() }), update }),
    )
    const answer = await server.api('/bulk/put', { method: 'POST', body: Buffer.concat(frames) })
    if (!answer.ok) throw new Error(`bulk put: ${answer.status} ${await answer.text()}`)
    await pause(idleMs * 4)
    const { used, rss } = await server.memory()
    return { kib: (used - before) / stored / 1_024, rss: rss / 1e6 }
  } finally {
    await server.stop()
  }
}

/** A text made of so many inserts at places all over it, as one update. */
function textOf(inserts: number, length: number): Uint8Array {
  const doc = new Y.Doc()
  const text = doc.getText('content')
  for (let i = 0; i < inserts; i++) text.insert((i * 7_919) % (text.length + 1), 'x'.repeat(length))
  return Y.encodeStateAsUpdate(doc)
}
