import { createId, docName, systemClock } from '@tandem/shared'
import { expect, test, vi } from 'vitest'
import { acknowledged, testClient, testServer } from '../test-server.ts'
import { authFrame, frame, muteHocuspocus, rawSocket, updateFrame } from '../test-socket.ts'

test(
  '[ACC-86] [S313] [S89] a flood of messages is told of its bound, and ends its own socket with 4429',
  { timeout: 20_000 },
  async () => {
    // Time is moved on by hand: a slow machine floods no slower.
    const time = { aheadMs: 0 }
    const clock = { ...systemClock, now: () => systemClock.now() + time.aheadMs }
    const flags = { messagesPerSecond: 20, deadMs: 60_000, tokenLifeMs: 1_000_000, unseenMs: 70_000, leaseMs: 80_000 }
    const server = await testServer({ clock, flags })
    const bystander = await (await testClient(server)).open({ kind: 'ops' })
    const daemon = { id: createId(), name: 'flood' }
    const client = await testClient(server, { daemon })
    const { provider, stateless } = await client.open({ kind: 'daemon', daemonId: daemon.id })
    /** So many pings at once, until the last is answered or the socket has ended. */
    let stamp = 0
    const flood = async (messages: number) => {
      for (let i = 0; i < messages; i++) provider.sendStateless(JSON.stringify({ t: 'ping', stamp: ++stamp }))
      const isOver = () => client.closes.length > 0 || stateless.some((m) => (m as { stamp?: number }).stamp === stamp)
      await vi.waitUntil(isOver, { timeout: 10_000, interval: 2 })
    }
    await flood(120)
    expect(stateless).toContainEqual({
      t: 'error',
      code: 'rate-limited',
      message: 'too many messages on one connection (perSecond 20)',
    })
    expect(client.closes).toEqual([])
    for (let second = 0; second < 6; second++) {
      time.aheadMs += 1_000
      await flood(60)
    }
    expect(client.closes[0]).toEqual({ code: 4429, reason: 'rate-limited' })
    expect(bystander.provider.synced).toBe(true)
  },
)

test('[S89] a frame that breaks the protocol of sockets ends its socket with 1002, a text that is none with 1007', async () => {
  const server = await testServer()
  const reserved = rawSocket(server)
  await reserved.opened
  // A frame with a reserved opcode, masked as clients must.
  socketOf(reserved.ws).write(Uint8Array.of(0x83, 0x80, 0, 0, 0, 0))
  expect(await reserved.outcome).toMatchObject({ code: 1002 })
  muteHocuspocus()
  const { token, claims } = await server.access()
  const name = docName(claims, { kind: 'file', fileId: createId() })
  const unreadable = rawSocket(server)
  await unreadable.opened
  unreadable.ws.send(authFrame(name, token))
  unreadable.ws.send(updateFrame(name, Uint8Array.of(255, 255)))
  expect(await unreadable.outcome).toMatchObject({ code: 1007 })
})

test('[S89] a socket that asks to end, ends with 1000; one of a server that stops, with 1001', async () => {
  const server = await testServer()
  const own = rawSocket(server)
  await own.opened
  own.ws.close(1000)
  expect(await own.outcome).toMatchObject({ code: 1000 })
  const left = rawSocket(server)
  await left.opened
  await server.end()
  expect(await left.outcome).toMatchObject({ code: 1001, reason: 'going-away' })
})

test('[S82] [ACC-33] what a stranger may send before signing in is bounded', async () => {
  const server = await testServer({ flags: { signInMs: 60_000, deadMs: 120_000 } })
  const { ws, outcome, opened } = rawSocket(server)
  await opened
  const name = docName({ workspaceId: server.workspaceId, epoch: createId() }, { kind: 'files' })
  const large = Buffer.concat([frame(name, 0, 2), Buffer.alloc(200_000)])
  for (let i = 0; i < 60; i++) ws.send(large)
  expect(await outcome).toMatchObject({ code: 1009 })
})

test('[ACC-88] [S313] one connection too many of one person is refused with 4429; others come in', async () => {
  const server = await testServer({ flags: { maxConnectionsPerPerson: 2 } })
  const first = await testClient(server)
  await first.open({ kind: 'ops' })
  await (await testClient(server)).open({ kind: 'ops' })
  const third = await testClient(server)
  const { provider } = third.attach({ kind: 'ops' })
  const reason = 'too many connections of one person (limit 2)'
  await vi.waitFor(() => expect(third.closes[0]).toEqual({ code: 4429, reason }))
  const daemon = { id: createId(), name: 'd' }
  await (await testClient(server, { daemon })).open({ kind: 'ops' })
  // Who leaves makes room.
  first.socket.destroy()
  await vi.waitUntil(() => provider.synced, { timeout: 5_000, interval: 5 })
})

test('[ACC-89] [S313] there are no more documents than there may be, over sockets and over REST, and the refusal says so', async () => {
  const server = await testServer({ flags: { maxDocs: 6 } })
  const client = await testClient(server)
  const told: unknown[] = []
  const opened: Awaited<ReturnType<typeof client.open>>[] = []
  for (let i = 0; i < 8; i++) {
    const each = await client.open({ kind: 'file', fileId: createId() })
    each.text.insert(0, 'x')
    opened.push(each)
  }
  await vi.waitFor(() => {
    told.splice(0, told.length, ...opened.flatMap(({ stateless }) => stateless))
    expect(told).toContainEqual(
      expect.objectContaining({ code: 'too-large', message: expect.stringContaining('limit 6') }),
    )
  })
  expect(client.closes).toEqual([])
  // What is there may still be written.
  opened[0]?.text.insert(0, 'y')
  if (opened[0]) await acknowledged(opened[0].provider)
  const refused = await server.inWorkspace('/files/a', { method: 'PUT', body: 'a', headers: { 'if-none-match': '*' } })
  expect(refused.status).toBe(413)
  expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('as many documents as it may') })
})

test('[S30] the owner sees how each connection does: who it is, since when, when it was last heard, and how far away it is', async () => {
  const server = await testServer({ flags: { pingMs: 20 } })
  const daemon = { id: createId(), name: 'workshop' }
  await (await testClient(server, { daemon })).open({ kind: 'ops' })
  await vi.waitFor(async () => {
    const { connections } = (await (await server.inWorkspace('/connections')).json()) as { connections: unknown[] }
    expect(connections).toMatchObject([
      {
        principal: daemon.id,
        name: 'workshop',
        kind: 'daemon',
        openedAt: expect.any(Number),
        heardAt: expect.any(Number),
        rttMs: expect.any(Number),
        bytesIn: expect.any(Number),
        documents: 1,
      },
    ])
  })
})

/** The TCP socket below, for frames that `ws` would not write. */
const socketOf = (ws: unknown) => (ws as { _socket: { write(data: Uint8Array): void } })._socket

test('[ACC-33] those of one address on which nobody signs in take half of the connections, and keep nobody else out', async () => {
  const server = await testServer({
    flags: { maxConnections: 4, trustedProxies: '127.0.0.1,::1', signInMs: 60_000, deadMs: 120_000 },
  })
  const from = (address: string) => rawSocket(server, { 'x-forwarded-for': address })
  const strangers = [from('1.2.3.4'), from('1.2.3.4')]
  await Promise.all(strangers.map(({ opened }) => opened))
  expect(await from('1.2.3.4').outcome).toMatchObject({ status: 429, body: expect.stringContaining('signed in') })
  await (await testClient(server)).open({ kind: 'ops' })
  await from('5.6.7.8').opened
})
