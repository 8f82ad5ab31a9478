import { createId, docName } from '@tandem/shared'
import { randomFrom } from '@tandem/shared/testing'
import { expect, test, vi } from 'vitest'
import type { WebSocket } from 'ws'
import * as Y from 'yjs'
import { acknowledged, testClient, testServer } from '../test-server.ts'
import { authFrame, frame, muteHocuspocus, rawSocket, text, updateFrame } from '../test-socket.ts'

const seed = 20_261_121
const newFile = () => ({ kind: 'file', fileId: createId() }) as const

test(
  '[S80] [OPS-34] thousands of broken frames end at most their own sockets; nothing of theirs is kept where it does not belong',
  { timeout: 60_000 },
  async () => {
    muteHocuspocus()
    const flags = {
      messagesPerSecond: 1_000_000,
      deadMs: 60_000,
      maxConnections: 100_000,
      maxConnectionsPerPerson: 100_000,
    }
    const server = await testServer({ flags })
    const { token, claims } = await server.access()
    const random = randomFrom(seed)
    const below = (n: number) => Math.floor(random() * n)
    const bystander = await (await testClient(server)).open(newFile())
    bystander.text.insert(0, 'untouched')
    await acknowledged(bystander.provider)

    const source = new Y.Doc()
    source.getText('content').insert(0, 'hello')
    const update = Y.encodeStateAsUpdate(source)
    const name = docName(claims, newFile())
    const daemonName = docName(claims, { kind: 'daemon', daemonId: createId() })
    const whole = [
      authFrame(name, token),
      authFrame(daemonName, token),
      updateFrame(name, update),
      frame(name, 0, 0, 1, 0),
      frame(name, 0, 1, update.length, ...update),
      frame(name, 1, 3, 1, 1, 1),
      frame(name, 5, ...text('{"t":"hello"}')),
      frame(name, 6, ...text('{}')),
      frame(docName(claims, { kind: 'ops' }), 2, 0, ...text(token)),
      frame(docName(claims, { kind: 'presence' }), 1, 2, 1, 1),
    ]
    const broken = (): Uint8Array => {
      const base = whole[below(whole.length)] ?? new Uint8Array()
      const bytes = [...base]
      const kind = below(5)
      if (kind === 0) return Uint8Array.from({ length: below(200) }, () => below(256))
      if (kind === 1) return Uint8Array.from(bytes.slice(0, below(bytes.length)))
      if (kind === 2) return Uint8Array.from([...bytes, ...Array.from({ length: below(50) }, () => below(256))])
      // Behind the name, so that it reaches whoever reads what is said.
      for (let i = 0; i <= below(4); i++)
        bytes[below(2) === 0 ? below(bytes.length) : bytes.length - 1 - below(20)] = below(256)
      return Uint8Array.from(bytes)
    }

    let [sent, sockets] = [0, 0]
    while (sent < 2_000) {
      const { ws, opened } = rawSocket(server)
      await opened
      sockets++
      ws.send(authFrame(name, token))
      for (let i = 0; i < 60 && ws.readyState === ws.OPEN; i++, sent++) ws.send(broken(), { binary: random() < 0.9 })
      await heard(ws)
      ws.terminate()
    }
    expect(sockets).toBeGreaterThan(15)
    expect(bystander.text.toString()).toBe('untouched')
    const reader = await (await testClient(server)).open(newFile())
    reader.text.insert(0, 'alive')
    await acknowledged(reader.provider)
    expect(server.lines.filter((l) => l['msg'] === 'hook failed' || l['level'] === 'fatal')).toEqual([])
  },
)

test(
  '[S38] [S80] [OPS-34] nonsense on every channel is answered or passed over, and ends nothing',
  { timeout: 30_000 },
  async () => {
    const server = await testServer({ flags: { messagesPerSecond: 1_000_000 } })
    const daemon = { id: createId(), name: 'd' }
    const client = await testClient(server, { daemon })
    const own = await client.open({ kind: 'daemon', daemonId: daemon.id })
    const others = await Promise.all([
      client.open({ kind: 'ops' }),
      client.open({ kind: 'files' }),
      client.open(newFile()),
    ])
    const random = randomFrom(seed)
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
    const kinds = ['hello', 'claim', 'report', 'ask', 'refuse', 'ping', 'writes-as', 'status-request', '__proto__', '']
    const value = (): unknown =>
      pick([null, -1, Number.MAX_VALUE, '', 'x'.repeat(1_000), createId(), [], {}, { task: 1 }, true, [[[]]]])
    const fields = [
      'n',
      'task',
      'attempt',
      'state',
      'mono',
      'slots',
      'running',
      'bootId',
      'protocol',
      'stamp',
      'clients',
      'cause',
      'result',
    ]
    for (let i = 0; i < 1_000; i++) {
      const message = {
        t: pick(kinds),
        ...Object.fromEntries(fields.filter(() => random() < 0.5).map((f) => [f, value()])),
      }
      const payload = random() < 0.1 ? pick(['', '{', 'null', '[]', '"x"', '\0', '1e999']) : JSON.stringify(message)
      pick([own, ...others]).provider.sendStateless(payload)
    }
    own.provider.sendStateless(JSON.stringify({ t: 'ping', stamp: 42 }))
    await vi.waitFor(() => expect(own.stateless).toContainEqual({ t: 'pong', stamp: 42 }), 10_000)
    expect(client.closes).toEqual([])
    expect(server.lines.filter((l) => l['msg'] === 'hook failed')).toEqual([])
  },
)

/** Resolves once the server has read all that was sent, or has ended the socket. */
const heard = (ws: WebSocket) =>
  new Promise<void>((resolve) => {
    if (ws.readyState !== ws.OPEN) return resolve()
    ws.once('close', () => resolve())
    ws.once('pong', () => resolve())
    ws.ping()
  })
