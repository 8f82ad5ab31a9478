import { Hocuspocus } from '@hocuspocus/server'
import { createId, docName, encodeBulkFrame, systemClock } from '@tandem/shared'
import { expect, onTestFinished, test, vi } from 'vitest'
import * as Y from 'yjs'
import { acknowledged, testClient, testServer, type TestServer } from '../test-server.ts'
import { authFrame, frame, muteHocuspocus, rawSocket, text, updateFrame } from '../test-socket.ts'

const newFile = () => ({ kind: 'file', fileId: createId() }) as const
const said = (server: TestServer, phrase: string) => server.lines.filter((l) => l['msg'] === phrase)

test('[S44] more than a hundred documents open on one socket', { timeout: 20_000 }, async () => {
  const server = await testServer()
  const client = await testClient(server)
  const docs = Array.from({ length: 300 }, () => client.attach(newFile()))
  await vi.waitFor(() => expect(docs.every(({ provider }) => provider.synced)).toBe(true), 15_000)
  expect(client.closes).toEqual([])
})

test('[LOG-32] a join that got a copy which is being unloaded is sent away, and joins anew', async () => {
  const server = await testServer()
  const doc = newFile()
  const client = await testClient(server)
  // The race is three microtasks wide; here the engine is made to hand out a dead copy once.
  const create = vi.spyOn(Hocuspocus.prototype, 'createDocument')
  onTestFinished(() => create.mockRestore())
  create.mockImplementationOnce(async function (this: Hocuspocus, ...asked) {
    create.mockRestore()
    const document = await this.createDocument(...asked)
    queueMicrotask(() => {
      if (this.documents.get(document.name) === document) this.documents.delete(document.name)
    })
    return document
  })
  const writer = await client.open(doc)
  await vi.waitFor(() => expect(client.closes.map((c) => c.code)).toContain(4205))
  writer.text.insert(0, 'kept')
  await acknowledged(writer.provider)
  const reader = await (await testClient(server)).open(doc)
  expect(reader.text.toString()).toBe('kept')
})

test('[S8] [S48] the token is asked for anew over the living connection, which goes on', async () => {
  // Time is moved on by hand: a machine that stalls does not let the token run out.
  const time = { aheadMs: 0 }
  const clock = { ...systemClock, now: () => systemClock.now() + time.aheadMs }
  const server = await testServer({ clock, flags: { tokenLifeMs: 1_000_000 } })
  const who = { session: createId() }
  const tokens: string[] = []
  const client = await testClient(server, {
    ...who,
    token: async () => {
      const { token } = await server.access(who)
      tokens.push(token)
      return token
    },
  })
  const { text: content, provider } = await client.open(newFile())
  for (const asked of [2, 3]) {
    time.aheadMs += 850_000
    await vi.waitFor(() => expect(new Set(tokens).size).toBe(asked), 5_000)
  }
  content.insert(0, 'still here')
  await acknowledged(provider)
  expect(client.closes).toEqual([])
})

test('[ACC-30] [S48] an expired token closes the socket, not single documents', { timeout: 20_000 }, async () => {
  const server = await testServer({ flags: { tokenLifeMs: 600 } })
  const client = await testClient(server)
  await client.open(newFile())
  await vi.waitFor(() => expect(client.closes).toContainEqual({ code: 4401, reason: 'token-expired' }), 5_000)
})

test('[ACC-30] a socket belongs to one principal: a token of another is refused', async () => {
  const server = await testServer()
  const first = await server.access()
  const other = await server.access({ daemon: { id: createId(), name: 'd' } })
  const tokens = [first.token, other.token]
  const client = await testClient(server, { token: async () => tokens.shift() ?? other.token })
  await client.open(newFile())
  const second = client.attach(newFile())
  await vi.waitFor(() => expect(second.refusals).toEqual(['forbidden']))
})

test('[S47] [S53] a bad token is refused and told; the socket of who never signs in is closed', async () => {
  const server = await testServer({ flags: { signInMs: 400 } })
  const client = await testClient(server, { token: async () => 'nonsense' })
  const { refusals } = client.attach(newFile())
  await vi.waitFor(() => expect(refusals).toEqual(['unauthorized']))
  await vi.waitFor(() => expect(client.closes.map((c) => c.code)).toContain(4408), 3_000)
  expect(said(server, 'document refused')).not.toEqual([])
})

test('[ACC-33] one socket too many is refused, with the time to come again', async () => {
  const server = await testServer({ flags: { maxConnections: 1 } })
  await rawSocket(server).opened
  expect(await rawSocket(server).outcome).toMatchObject({
    status: 429,
    retryAfter: '5',
    body: expect.stringContaining('too many connections'),
  })
})

test('[S5] [S6] [S7] the founding names of workspace and token are understood; the workspace may go unnamed', async () => {
  const server = await testServer()
  const { token, claims } = await server.access()
  const name = docName({ workspaceId: server.workspaceId, epoch: claims.epoch }, { kind: 'files' })
  const answerTo = async (headers: Record<string, string>, route: string) => {
    const { ws, opened } = rawSocket(server, { 'x-daemon-token': token, ...headers }, route)
    await opened
    const answer = new Promise<Uint8Array>((resolve) =>
      // A ping may come before it.
      ws.on('message', (d: Buffer) => d.length > 1 && resolve(new Uint8Array(d))),
    )
    ws.send(authFrame(name, ''))
    return [...(await answer)]
  }
  // 2 = about signing in, 2 = welcome.
  const welcome = [...frame(name, 2, 2, ...text('read-write'))]
  expect(await answerTo({}, `/api/workspaces/ws?workspaceId=${server.workspaceId}`)).toEqual(welcome)
  expect(await answerTo({ 'x-workspace-id': server.workspaceId }, '/api/workspaces/ws')).toEqual(welcome)
  expect(await answerTo({}, '/api/ws')).toEqual(welcome)
  const other = (route: string, headers = {}) => rawSocket(server, headers, route).outcome
  expect(await other(`/api/ws?workspaceId=${createId()}`)).toMatchObject({ status: 404 })
  expect(await other('/api/ws', { 'x-workspace-id': createId() })).toMatchObject({ status: 404 })
})

test('[S3] [S4] [S9] [S297] sockets are taken at the founding path too, and at one more where it is set', async () => {
  const server = await testServer({ flags: { websocketPath: '/elsewhere' } })
  const opens = (path: string) => rawSocket(server, {}, `${path}?ws=${server.workspaceId}`).opened
  for (const path of ['/api/ws', '/api/workspaces/ws', '/elsewhere']) await opens(path)
  expect(await rawSocket(server, {}, `/nowhere?ws=${server.workspaceId}`).outcome).toMatchObject({ status: 404 })
})

test('[ACC-3] a foreign Origin, a foreign Host and an unknown workspace do not get a socket', async () => {
  const server = await testServer()
  const ask = (headers: Record<string, string>, route?: string) => rawSocket(server, headers, route).outcome
  expect(await ask({ origin: 'https://evil.example' })).toMatchObject({ status: 403 })
  expect(await ask({ host: 'evil.example' })).toMatchObject({
    status: 403,
    body: expect.stringContaining('origin-refused'),
  })
  expect(await ask({ origin: 'http://localhost:1' })).toMatchObject({ status: 403 })
  expect(await ask({}, `/api/ws?ws=${createId()}`)).toMatchObject({ status: 404 })
  expect(await ask({}, '/elsewhere')).toMatchObject({ status: 404 })
  expect(said(server, 'socket refused')).toHaveLength(5)
  const own = rawSocket(server, { origin: server.url })
  await own.opened
})

test('[LOG-23] a replica of another epoch is refused', async () => {
  const server = await testServer()
  const client = await testClient(server)
  const { refusals } = client.attach(docName({ ...client.place, epoch: createId() }, newFile()))
  await vi.waitFor(() => expect(refusals).toEqual(['epoch-changed']))
})

test('[ACC-1] documents of the server are read-only for the owner too, and what is written there is not kept', async () => {
  const server = await testServer()
  const client = await testClient(server)
  for (const kind of ['tasks', 'ops'] as const) {
    const { doc, provider } = await client.open(kind === 'tasks' ? { kind, rotation: 0 } : { kind })
    expect(provider.authorizedScope).toBe('readonly')
    doc.getMap('tasks').set(createId(), { forged: true })
    doc.getMap('members').set(createId(), { forged: true })
  }
  const later = await (await testClient(server)).open({ kind: 'tasks', rotation: 0 })
  expect(later.doc.getMap('tasks').size).toBe(0)
})

test("[ACC-2] another's requests are not to be read", async () => {
  const server = await testServer()
  const client = await testClient(server)
  const { refusals } = client.attach({ kind: 'requests', principal: createId(), session: createId() })
  await vi.waitFor(() => expect(refusals).toEqual(['forbidden']))
})

test('[ACC-6] presence says who the connection is, whatever its client claims, and nobody speaks for another', async () => {
  const server = await testServer()
  const anna = await (await testClient(server, { name: 'Anna' })).open({ kind: 'presence' }, { awareness: true })
  const ben = await (await testClient(server, { name: 'Ben' })).open({ kind: 'presence' }, { awareness: true })
  anna.provider.setAwarenessField('user', { id: createId(), name: 'Somebody else', kind: 'daemon' })
  const seen = () => ben.provider.awareness?.getStates().get(anna.doc.clientID)
  await vi.waitFor(() => expect(seen()).toMatchObject({ user: { name: 'Anna', kind: 'human' } }))

  // Ben sends a state under Anna's client id.
  const forged = ben.provider.awareness
  forged?.states.set(anna.doc.clientID, { user: { name: 'Ben as Anna' }, file: createId() })
  forged?.meta.set(anna.doc.clientID, { clock: 99, lastUpdated: Date.now() })
  forged?.emit('update', [{ added: [], updated: [anna.doc.clientID], removed: [] }, 'local'])
  const carla = await (await testClient(server, { name: 'Carla' })).open({ kind: 'presence' }, { awareness: true })
  await vi.waitFor(() => expect(carla.provider.awareness?.getStates().get(anna.doc.clientID)).toBeDefined())
  expect(carla.provider.awareness?.getStates().get(anna.doc.clientID)).toMatchObject({ user: { name: 'Anna' } })
})

test('[ACC-33] a change that would make a document too large is refused with a word, not with an endless reconnect', async () => {
  const server = await testServer({ flags: { maxDocBytes: 20_000 } })
  const client = await testClient(server)
  const doc = newFile()
  const { text: content, provider, stateless } = await client.open(doc)
  content.insert(0, 'small')
  await acknowledged(provider)
  content.insert(0, 'x'.repeat(30_000))
  await vi.waitFor(() => expect(stateless).toContainEqual(expect.objectContaining({ t: 'error', code: 'too-large' })))
  expect(client.closes).toEqual([])
  const reader = await (await testClient(server)).open(doc)
  expect(reader.text.toString()).toBe('small')
  // The connection still takes what fits.
  reader.text.insert(5, '!')
  await acknowledged(reader.provider)
})

test('[ACC-33] [S82] a message larger than any may be closes the socket with 1009', async () => {
  const server = await testServer({ flags: { maxMessageBytes: 10_000 } })
  const { ws, outcome, opened } = rawSocket(server)
  await opened
  ws.send(new Uint8Array(20_000))
  expect(await outcome).toMatchObject({ code: 1009 })
})

test('[ACC-33] an update that cannot be read closes the socket and is not kept; others go on', async () => {
  muteHocuspocus()
  const server = await testServer()
  const { token, claims } = await server.access()
  const doc = newFile()
  const name = docName(claims, doc)
  const bystander = await (await testClient(server)).open(doc)
  const { ws, outcome, opened } = rawSocket(server)
  await opened
  ws.send(authFrame(name, token))
  ws.send(updateFrame(name, Uint8Array.of(200, 1, 2, 3)))
  expect(await outcome).toMatchObject({ code: 1007 })
  bystander.text.insert(0, 'fine')
  await acknowledged(bystander.provider)
})

test('[ACC-33] nonsense in every kind of message ends at most its own socket', async () => {
  muteHocuspocus()
  const server = await testServer()
  const { token, claims } = await server.access()
  const name = docName(claims, newFile())
  const attempts = [
    Uint8Array.of(),
    Uint8Array.of(255),
    Uint8Array.of(3, 65, 66),
    frame('no such document', 2, 0, ...text(token)),
    frame(name, 99),
    ...[1, 5, 6, 7, 0].map((type) => frame(name, type, 250, 250)),
  ]
  for (const attempt of attempts) {
    const { ws, opened } = rawSocket(server)
    await opened
    ws.send(authFrame(name, token))
    ws.send(attempt)
  }
  const { text: content, provider } = await (await testClient(server)).open(newFile())
  content.insert(0, 'alive')
  await acknowledged(provider)
})

test(
  '[S22] [S23] [S24] [S89] [S312] a client that does not answer is dropped; one that only answers pings stays',
  { timeout: 20_000 },
  async () => {
    const server = await testServer({ flags: { pingMs: 50, deadMs: 400, signInMs: 60_000 } })
    const idle = await testClient(server)
    await idle.open(newFile())
    const { outcome, opened } = rawSocket(server)
    await opened
    expect(await outcome).toEqual({ code: 1000, reason: 'stale' })
    await new Promise((resolve) => setTimeout(resolve, 800))
    expect(idle.closes).toEqual([])
  },
)

test('[ACC-33] a reader that does not read is cut off instead of filling memory', { timeout: 30_000 }, async () => {
  const server = await testServer({ flags: { maxBufferedBytes: 200_000, deadMs: 60_000 } })
  const { token, claims } = await server.access()
  const doc = newFile()
  const lazy = rawSocket(server)
  await lazy.opened
  lazy.ws.send(authFrame(docName(claims, doc), token))
  const writer = await (await testClient(server)).open(doc)
  lazy.ws.pause()
  for (let i = 0; i < 400 && said(server, 'socket too slow').length === 0; i++) {
    writer.text.insert(0, 'x'.repeat(30_000))
    if (i % 10 === 9) writer.text.delete(0, writer.text.length)
    await acknowledged(writer.provider)
  }
  expect(said(server, 'socket too slow')).not.toEqual([])
})

test(
  '[LOG-33] [S25] [S312] [S315] a document that nobody has open is unloaded, and comes back whole',
  { timeout: 20_000 },
  async () => {
    const server = await testServer({ flags: { docIdleMs: 100, pingMs: 50 } })
    const destroyed = vi.spyOn(Y.Doc.prototype, 'destroy')
    onTestFinished(() => destroyed.mockRestore())
    const doc = newFile()
    const client = await testClient(server)
    const { text: content, provider } = await client.open(doc)
    content.insert(0, 'hello')
    await acknowledged(provider)
    const unload = vi.spyOn(Hocuspocus.prototype, 'unloadDocument')
    onTestFinished(() => unload.mockRestore())
    provider.destroy()
    await vi.waitFor(() => expect(unload.mock.calls.some(([d]) => d.isDestroyed)).toBe(true), 10_000)
    const reader = await (await testClient(server)).open(doc)
    expect(reader.text.toString()).toBe('hello')
  },
)

test('[S205] everyone is told the version, gathered', async () => {
  const server = await testServer()
  const client = await testClient(server)
  const ops = await client.open({ kind: 'ops' })
  await vi.waitFor(() => expect(ops.stateless).toContainEqual(expect.objectContaining({ t: 'version' })))
  const { text: content, provider } = await client.open(newFile())
  for (let i = 0; i < 30; i++) {
    content.insert(0, 'x')
    await acknowledged(provider)
  }
  const versions = () =>
    ops.stateless.flatMap((m) => ((m as { t: string }).t === 'version' ? [(m as { seq: number }).seq] : []))
  await vi.waitFor(() => expect(versions().at(-1)).toBeGreaterThanOrEqual(30))
  expect(versions()).toEqual(versions().toSorted((a, b) => a - b))
})

test('[S10] [S11] [S28] [S31] [S32] [S59] a daemon is online while it has its document open, and offline after', async () => {
  const server = await testServer()
  const daemon = { id: createId(), name: 'workshop' }
  const client = await testClient(server, { daemon })
  const own = await client.open({ kind: 'daemon', daemonId: daemon.id })
  const ops = await (await testClient(server)).open({ kind: 'ops' })
  const connection = () => (ops.doc.getMap('daemons').get(daemon.id) as { connection?: string } | undefined)?.connection
  await vi.waitFor(() => expect(connection()).toBe('online'))
  const n = 1
  own.provider.sendStateless(JSON.stringify({ t: 'ping', stamp: n }))
  await vi.waitFor(() => expect(own.stateless).toContainEqual({ t: 'pong', stamp: n }))
  own.provider.sendStateless('nonsense')
  await vi.waitFor(() =>
    expect(own.stateless).toContainEqual(expect.objectContaining({ t: 'error', code: 'validation-failed' })),
  )
  client.socket.destroy()
  await vi.waitFor(() => expect(connection()).toBe('offline'))
})

test('[LOG-4] what is put in bulk while a document is open reaches those who have it open', async () => {
  const server = await testServer()
  const doc = newFile()
  const client = await testClient(server)
  const open = await client.open(doc)
  const source = new Y.Doc()
  source.getText('content').insert(0, 'seeded')
  const body = encodeBulkFrame({ doc: `file/${doc.fileId}`, update: Y.encodeStateAsUpdate(source) })
  const answer = await server.inWorkspace('/bulk/put', { method: 'POST', body: new Uint8Array(body) })
  expect(await answer.json()).toMatchObject({ created: 1, existing: [] })
  await vi.waitFor(() => expect(open.text.toString()).toBe('seeded'))
})
