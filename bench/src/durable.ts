import { createId } from '@tandem/shared'
import { sendAll, typedUpdates } from './raw-client.ts'
import { withBoth, type Server } from './servers.ts'
import { median, type Row } from './stats.ts'

const [rounds, sockets, updatesPerSocket, singles] = [5, 5, 2_000, 200]

/** What it costs to be on disk before being acknowledged: under load, and one edit after the other. */
export async function durable(): Promise<Row[]> {
  const updates = typedUpdates(updatesPerSocket)
  return withBoth(async (servers) => {
    const both = Object.entries(servers) as ['ours' | 'plain', Server][]
    const empty = () => ({ ours: [] as number[], plain: [] as number[] })
    const [perSecond, acks, peers] = [empty(), empty(), empty()]
    for (let round = 0; round < rounds; round++) {
      for (const [name, server] of round % 2 === 0 ? both : both.toReversed()) {
        perSecond[name].push(await underLoad(server, updates))
        const { ack, peer } = await oneByOne(server, updates.slice(0, singles))
        acks[name].push(...ack)
        peers[name].push(...peer)
      }
    }
    const inMemory = (samples: readonly number[]) => ({ what: 'Hocuspocus in memory', samples })
    const ratio = median(perSecond.ours) / median(perSecond.plain)
    return [
      {
        what: `updates/s acknowledged (${sockets} sockets, 100 on their way on each)`,
        samples: perSecond.ours,
        floor: inMemory(perSecond.plain),
        note: `${ratio.toFixed(2)} x as many`,
      },
      { what: 'raw edit -> acknowledged (on disk)', samples: acks.ours, floor: inMemory(acks.plain) },
      { what: 'raw edit -> peer', samples: peers.ours, floor: inMemory(peers.plain) },
    ]
  })
}

async function underLoad(server: Server, updates: readonly Uint8Array[]): Promise<number> {
  const lanes = await Promise.all(
    Array.from({ length: sockets }, async () => {
      const client = await server.connect()
      const name = server.name({ kind: 'file', fileId: createId() })
      await client.open(name)
      return { client, name }
    }),
  )
  const from = performance.now()
  await Promise.all(lanes.map(({ client, name }) => sendAll(client, name, updates)))
  const tookMs = performance.now() - from
  for (const { client } of lanes) client.close()
  return Math.round((sockets * updates.length) / (tookMs / 1_000))
}

async function oneByOne(server: Server, updates: readonly Uint8Array[]): Promise<{ ack: number[]; peer: number[] }> {
  const [writer, reader] = [await server.connect(), await server.connect()]
  const name = server.name({ kind: 'file', fileId: createId() })
  let arrived = () => {}
  await Promise.all([writer.open(name), reader.open(name, () => arrived())])
  const [ack, peer] = [[] as number[], [] as number[]]
  for (const update of updates) {
    const from = performance.now()
    const seen = new Promise<void>((resolve) => (arrived = resolve)).then(() => peer.push(performance.now() - from))
    await Promise.all([writer.send(name, update).then(() => ack.push(performance.now() - from)), seen])
  }
  writer.close()
  reader.close()
  return { ack, peer }
}
