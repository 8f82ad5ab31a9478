import { createId } from '@tandem/shared'
import * as Y from 'yjs'
import { pause } from './pause.ts'
import type { RawClient } from './raw-client.ts'
import { withBoth, type Server } from './servers.ts'
import type { Row } from './stats.ts'

const [busy, idlePerBusy, seconds, everyMs] = [50, 10, 6, 100]

/** Fifty people who type, ten characters a second each, and five hundred who look on, ten at each text. */
export async function crowd(): Promise<Row[]> {
  return withBoth(async (servers) => {
    const taken = { ours: [] as Crowd[], plain: [] as Crowd[] }
    // One crowd goes before the next comes; who is first the first time is last the second time.
    for (const name of ['ours', 'plain', 'plain', 'ours'] as const) taken[name].push(await gather(servers[name]))
    const compare = (what: string, samplesOf: (crowd: Crowd) => readonly number[]): Row => ({
      what: `${what} (${busy} busy, ${busy * idlePerBusy} idle)`,
      samples: taken.ours.flatMap(samplesOf),
      floor: { what: 'Hocuspocus in memory', samples: taken.plain.flatMap(samplesOf) },
    })
    return [
      compare('edit -> peer', ({ latencies }) => latencies),
      compare(`server CPU in ${seconds} s`, ({ cpu }) => [cpu]),
      compare('server memory, MB', ({ rss }) => [rss / 1e6]),
    ]
  })
}

type Crowd = { latencies: number[]; cpu: number; rss: number }

async function gather(server: Server): Promise<Crowd> {
  const clients: RawClient[] = []
  const latencies: number[] = []
  const connect = async () => {
    const client = await server.connect()
    clients.push(client)
    return client
  }
  const texts = await Promise.all(
    Array.from({ length: busy }, async () => {
      const name = server.name({ kind: 'file', fileId: createId() })
      const doc = new Y.Doc()
      const sentAt: number[] = []
      // One of those who look on has the text itself: it knows which letter arrived when.
      const seen = new Y.Doc()
      const onUpdate = (update: Uint8Array) => {
        const before = seen.getText('content').length
        Y.applyUpdate(seen, update)
        for (let i = before; i < seen.getText('content').length; i++)
          latencies.push(performance.now() - (sentAt[i] ?? Number.NaN))
      }
      const writer = await connect()
      await writer.open(name)
      for (let i = 0; i < idlePerBusy; i++) await (await connect()).open(name, i === 0 ? onUpdate : undefined)
      doc.on('update', (update: Uint8Array) => void writer.send(name, update))
      return () => {
        const text = doc.getText('content')
        sentAt.push(performance.now())
        text.insert(text.length, 'x')
      }
    }),
  )
  const before = server.cpu()
  const until = performance.now() + seconds * 1_000
  await Promise.all(
    texts.map(async (type, i) => {
      await pause((everyMs / busy) * i)
      while (performance.now() < until) {
        type()
        await pause(everyMs)
      }
    }),
  )
  await pause(200)
  const cpu = server.cpu() - before
  const { rss } = await server.memory()
  for (const client of clients) client.close()
  return { latencies, cpu, rss }
}
