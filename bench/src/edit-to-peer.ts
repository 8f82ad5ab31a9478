import { accessToken, connect, connectTo, type RawDocument, type Tandem } from '@tandem/e2e'
import type { DocRef } from '@tandem/shared'
import { startEchoServer } from './floors.ts'
import { pause } from './pause.ts'
import type { Row } from './stats.ts'

const count = 300

/** One client's edit until another client has it, and until the server has acknowledged it. */
export async function editToPeer(tandem: Tandem, file: DocRef): Promise<Row[]> {
  const access = await accessToken(tandem)
  const echo = await startEchoServer()
  const ours = [connect(tandem, access, file), connect(tandem, access, file)] as const
  const plain = [connectTo(echo.url, 'a', ''), connectTo(echo.url, 'a', '')] as const
  try {
    await Promise.all([...ours, ...plain].map((d) => d.synced()))
    // Interleaved, so that whatever else the machine does burdens both alike.
    const samples = {
      ours: { peer: [] as number[], ack: [] as number[] },
      plain: { peer: [] as number[], ack: [] as number[] },
    }
    for (let i = 0; i < count; i++) {
      for (const [name, [a, b]] of [['ours', ours] as const, ['plain', plain] as const]) {
        await pause(4)
        const { peer, ack } = await one(a, b)
        samples[name].peer.push(peer)
        samples[name].ack.push(ack)
      }
    }
    return [
      {
        what: 'edit -> peer',
        samples: samples.ours.peer,
        floor: { what: 'Hocuspocus in memory', samples: samples.plain.peer },
      },
      {
        what: 'edit -> acknowledged (on disk)',
        samples: samples.ours.ack,
        floor: { what: 'Hocuspocus in memory', samples: samples.plain.ack },
      },
    ]
  } finally {
    for (const d of [...ours, ...plain]) d.close()
    await echo.stop()
  }
}

async function one(a: RawDocument, b: RawDocument): Promise<{ peer: number; ack: number }> {
  const from = performance.now()
  const peer = new Promise<number>((resolve) => b.document.once('update', () => resolve(performance.now() - from)))
  const ack = new Promise<number>((resolve) => {
    const look = () => {
      if (a.provider.hasUnsyncedChanges) return
      a.provider.off('unsyncedChanges', look)
      resolve(performance.now() - from)
    }
    a.provider.on('unsyncedChanges', look)
  })
  const text = a.document.getText('content')
  text.insert(text.length, 'x')
  return { peer: await peer, ack: await ack }
}
