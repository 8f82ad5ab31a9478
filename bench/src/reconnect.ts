import { accessToken, connect, connectTo, type RawDocument, type Tandem } from '@tandem/e2e'
import type { DocRef } from '@tandem/shared'
import { startEchoServer } from './floors.ts'
import { pause } from './pause.ts'
import type { Row } from './stats.ts'

const count = 30

/** A socket that drops until its document is in sync again. */
export async function reconnect(tandem: Tandem, file: DocRef): Promise<Row[]> {
  const echo = await startEchoServer()
  const ours = connect(tandem, await accessToken(tandem), file)
  const plain = connectTo(echo.url, 'a', '')
  try {
    await Promise.all([ours.synced(), plain.synced()])
    const samples = { ours: [] as number[], plain: [] as number[] }
    for (let i = 0; i < count; i++) {
      samples.ours.push(await drop(ours))
      samples.plain.push(await drop(plain))
    }
    return [
      {
        what: 'dropped socket -> in sync again',
        samples: samples.ours,
        floor: { what: 'Hocuspocus in memory', samples: samples.plain },
      },
    ]
  } finally {
    ours.close()
    plain.close()
    await echo.stop()
  }
}

async function drop({ provider, socket }: RawDocument): Promise<number> {
  await pause(200)
  const again = new Promise<void>((resolve) => {
    const look = () => {
      provider.off('synced', look)
      resolve()
    }
    provider.on('synced', look)
  })
  const from = performance.now()
  socket.webSocket?.close()
  await again
  return performance.now() - from
}
