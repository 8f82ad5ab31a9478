import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { createLog, silentLog } from '@tandem/shared'
import { when } from '@tandem/shared/docs'
import { fakeClock } from '@tandem/shared/testing'
import { expect, onTestFinished, test } from 'vitest'
import { connect, type LinkState } from './connect.ts'

/** Opens WebSockets and says nothing, unless told to. */
async function muteServer(onOpen: (socket: Duplex) => void = () => {}): Promise<{ url: string; server: Server }> {
  const server = createServer()
  const open = new Set<Duplex>()
  server.on('upgrade', (request, socket) => {
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
    )
    socket.on('error', () => {})
    open.add(socket)
    onOpen(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

const offline = (state: LinkState) => (state.at === 'offline' ? state : undefined)

test('[S14] [S15] [S16] [S17] [S18] [S19] first retry at once, nine more with growing pauses, then one a minute for ever', async () => {
  const { url, server } = await muteServer()
  server.close()
  const clock = fakeClock()
  const lines: string[] = []
  const link = connect({ url, clock, log: createLog({ write: (line) => lines.push(line) }), deadMs: 1_000 })
  onTestFinished(link.close)
  const waits: number[] = []
  for (let n = 1; n <= 13; n++) {
    const state = await when(link.state, (s) => (offline(s)?.attempt === n ? offline(s) : undefined))
    waits.push(state.retryInMs)
    expect(state.failed).toBe(n > 10)
    clock.advance(state.retryInMs)
  }
  expect(waits[0]).toBe(0)
  for (const [i, ceiling] of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000].entries()) {
    expect(waits[i + 1]).toBeGreaterThanOrEqual(ceiling / 2)
    expect(waits[i + 1]).toBeLessThanOrEqual(ceiling)
  }
  expect(waits.slice(11)).toEqual([60_000, 60_000])
  expect(lines.filter((line) => line.includes('max reconnection attempts reached'))).toHaveLength(1)
  const told = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((l) => l['msg'] === 'reconnecting')
  expect(told.map((l) => [l['attempt'], l['inMs']])).toEqual(waits.map((ms, i) => [i + 1, ms]))
})

test('[S15] a server that opens and stays silent is given up, and tried again', async () => {
  let opened = 0
  const { url } = await muteServer(() => opened++)
  const clock = fakeClock()
  const link = connect({ url, clock, log: silentLog, deadMs: 1_000, patienceMs: 4_000 })
  onTestFinished(link.close)
  await when(link.state, (s) => s.at === 'opened')
  clock.advance(3_999)
  expect(link.state.snapshot().at).toBe('opened')
  const states: LinkState[] = []
  link.state.subscribe(() => states.push(link.state.snapshot()))
  clock.advance(1)
  expect(states).toMatchObject([{ at: 'offline', code: 4408, retryInMs: 0 }, { at: 'connecting' }])
  await when(link.state, (s) => s.at === 'opened')
  expect(opened).toBe(2)
})

test('[S13] [S12] [S27] the attempts count anew once a document was in sync, not when the socket merely opened', async () => {
  const sockets: Duplex[] = []
  const { url } = await muteServer((socket) => sockets.push(socket))
  const clock = fakeClock()
  const lines: string[] = []
  const link = connect({ url, clock, log: createLog({ write: (line) => lines.push(line) }), deadMs: 1_000 })
  onTestFinished(link.close)
  const lose = async () => {
    await when(link.state, (s) => s.at === 'opened' || s.at === 'synced')
    sockets.at(-1)?.destroy()
    const state = await when(link.state, offline)
    clock.advance(state.retryInMs)
    return state.attempt
  }
  expect([await lose(), await lose(), await lose()]).toEqual([1, 2, 3])
  await when(link.state, (s) => s.at === 'opened')
  link.sawSync()
  expect(lines.some((line) => line.includes('daemon connected'))).toBe(true)
  expect(await lose()).toBe(1)
})
