import { createId, docName, systemClock, type Id } from '@tandem/shared'
import { expect, test, vi } from 'vitest'
import { acknowledged, testClient, testServer, type TestServer } from '../test-server.ts'

const newFile = () => ({ kind: 'file', fileId: createId() }) as const

/** A daemon of the founding messages, played by hand: what it hears, and how it speaks. */
async function playDaemon(server: TestServer, name: string) {
  const daemon = { id: createId(), name, shared: true }
  const client = await testClient(server, { daemon })
  const own = await client.open({ kind: 'daemon', daemonId: daemon.id })
  const bootId = createId()
  const say = (message: object) => own.provider.sendStateless(JSON.stringify(message))
  const heard = (t: string) => own.stateless.filter((m) => (m as { t: string }).t === t) as Record<string, unknown>[]
  const hello = () => say({ t: 'hello', protocol: 1, bootId, mono: 1, slots: 3, running: [], lastGrantSeq: 0 })
  hello()
  await vi.waitFor(() => expect(heard('hello-ack')).not.toEqual([]))
  return { id: daemon.id, client, say, heard, hello, stateless: own.stateless }
}
const taskOf = async (server: TestServer, id: Id) =>
  (await (await server.inWorkspace(`/tasks/${id}`)).json()) as Record<string, unknown>

test('[S68] [S63] a hello is answered with the workspaces, the server’s time and the protocol', async () => {
  const server = await testServer()
  const { heard } = await playDaemon(server, 'workshop')
  expect(heard('hello-ack')[0]).toMatchObject({
    workspaceIds: [server.workspaceId],
    serverTime: expect.any(Number),
    protocol: 1,
  })
})

test('[S29] [S60] [S61] [S62] [S73] [S77] [S78] a task goes to the daemon that claims it and to no other, and its output and end come back', async () => {
  const server = await testServer()
  const [one, other] = [await playDaemon(server, 'one'), await playDaemon(server, 'other')]
  const made = await server.inWorkspace('/tasks', {
    method: 'POST',
    body: JSON.stringify({ payload: { kind: 'command', command: 'echo', args: ['hi'], cwd: 'src' } }),
  })
  const task = ((await made.json()) as { id: Id }).id
  one.say({ t: 'claim', n: 1, task, mono: 2 })
  await vi.waitFor(() => expect(one.heard('grant')).toMatchObject([{ task, attempt: 1 }]))
  expect(other.heard('grant')).toEqual([])
  expect((await taskOf(server, task))['payload']).toMatchObject({
    kind: 'command',
    command: 'echo',
    args: ['hi'],
    cwd: 'src',
  })

  const log = await one.client.open({ kind: 'log', taskId: task, attempt: 1 })
  log.doc.getArray('chunks').push([{ q: 0, o: 0, t: 0, s: 1, d: new TextEncoder().encode('hi\n') }])
  await acknowledged(log.provider)
  one.say({ t: 'report', n: 2, task, attempt: 1, state: 'running' })
  one.say({ t: 'report', n: 3, task, attempt: 1, state: 'completed', result: { exitCode: 0 } })
  await vi.waitFor(async () =>
    expect(await taskOf(server, task)).toMatchObject({ status: 'completed', result: { exitCode: 0 } }),
  )
  expect(await (await server.inWorkspace(`/tasks/${task}/log`)).text()).toBe('hi\n')
})

test('[S69] [S70] a message that is none of ours is answered with what is wrong with it, and never ends the connection', async () => {
  const server = await testServer()
  const { say, heard, client, stateless } = await playDaemon(server, 'workshop')
  for (const nonsense of [{ t: 'unknown' }, { t: 'claim', n: -1 }, { t: 'hello' }, {}]) say(nonsense)
  await vi.waitFor(() => expect(heard('error')).toHaveLength(4))
  expect(heard('error')[1]).toMatchObject({
    code: 'validation-failed',
    message: expect.any(String),
    details: expect.arrayContaining([expect.stringContaining('task')]),
  })
  say({ t: 'ping', stamp: 7 })
  await vi.waitFor(() => expect(stateless).toContainEqual({ t: 'pong', stamp: 7 }))
  expect(client.closes).toEqual([])
})

test('[S33] which daemons there were is known after a restart', async () => {
  const first = await testServer()
  const { id } = await playDaemon(first, 'workshop')
  await first.end()
  const flags = { helloMs: 50, unseenMs: 100 }
  const server = await testServer({ dataDir: first.dataDir, ownerKey: first.ownerKey, flags })
  const ops = await (await testClient(server)).open({ kind: 'ops' })
  const known = { name: 'workshop', connection: 'offline', lastSeenAt: expect.any(Number) }
  await vi.waitFor(() => expect(ops.doc.getMap('daemons').get(id)).toMatchObject(known), 5_000)
})

test('[S46] [S79] daemons are asked for their status every minute', async () => {
  const time = { aheadMs: 0 }
  const clock = { ...systemClock, now: () => systemClock.now() + time.aheadMs }
  const server = await testServer({
    clock,
    flags: { pingMs: 20, deadMs: 900_000, tokenLifeMs: 9_000_000, unseenMs: 800_000, leaseMs: 900_000 },
  })
  const { heard } = await playDaemon(server, 'workshop')
  expect(heard('status-request')).toEqual([])
  for (const times of [1, 2]) {
    time.aheadMs += 60_000
    await vi.waitFor(() => expect(heard('status-request')).toHaveLength(times))
  }
})

test('[S85] a change goes to everybody but the one who made it', async () => {
  const server = await testServer()
  const doc = newFile()
  const writer = await (await testClient(server)).open(doc)
  const reader = await (await testClient(server)).open(doc)
  const came = { writer: 0, reader: 0 }
  writer.doc.on('update', (_update: Uint8Array, origin: unknown) => (came.writer += Number(origin === writer.provider)))
  reader.doc.on('update', (_update: Uint8Array, origin: unknown) => (came.reader += Number(origin === reader.provider)))
  for (const letter of 'hello') {
    writer.text.insert(writer.text.length, letter)
    await acknowledged(writer.provider)
  }
  await vi.waitFor(() => expect(reader.text.toString()).toBe('hello'))
  expect(came.writer).toBe(0)
  expect(came.reader).toBeGreaterThan(0)
})

test('[S86] what two wrote apart comes together when both are back, by what each lacks', async () => {
  const server = await testServer()
  const doc = newFile()
  const [one, two] = [await testClient(server), await testClient(server)]
  const [a, b] = [one.attach(doc), two.attach(doc)]
  // Written before either has heard of the server.
  a.text.insert(0, 'one ')
  b.text.insert(0, 'two ')
  await Promise.all([a, b].map(({ provider }) => acknowledged(provider)))
  await vi.waitFor(() => expect(a.text.toString()).toBe(b.text.toString()))
  expect(a.text.toString().split(' ').toSorted()).toEqual(['', 'one', 'two'])
})

test('[S87] who joins late gets everything as it stands, ten megabytes of it', { timeout: 30_000 }, async () => {
  const server = await testServer()
  const early = await testClient(server)
  const docs = Array.from({ length: 5 }, newFile)
  for (const [i, doc] of docs.entries()) {
    const { text, provider } = await early.open(doc)
    text.insert(0, String(i).repeat(2 * 2 ** 20))
    await acknowledged(provider)
  }
  const late = await testClient(server)
  for (const [i, doc] of docs.entries()) {
    const { text } = await late.open(doc)
    expect(text.length).toBe(2 * 2 ** 20)
    expect(text.toString().startsWith(`${i}${i}`)).toBe(true)
  }
})

test('[S1] [S2] one connection, by workspace and token, carries every document of a daemon', async () => {
  const server = await testServer()
  const daemon = { id: createId(), name: 'workshop' }
  const client = await testClient(server, { daemon })
  const docs = [{ kind: 'daemon', daemonId: daemon.id }, { kind: 'files' }, { kind: 'ops' }, newFile()] as const
  const opened = await Promise.all(docs.map((doc) => client.open(docName(client.place, doc))))
  expect(opened.every(({ provider }) => provider.synced)).toBe(true)
  expect(client.closes).toEqual([])
})
