import { KeyList, createId, docPath, encodeBulkFrame, systemClock, type Scope } from '@tandem/shared'
import { openRequests } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { eventually, join, makeKey, post, seenBy } from '../test-people.ts'
import { acknowledged, testClient, testServer, type TestServer } from '../test-server.ts'

const newFile = () => ({ kind: 'file', fileId: createId() }) as const
const keysOf = async (server: TestServer, query = '') =>
  KeyList.parse(await (await server.inWorkspace(`/keys${query}`)).json()).keys
const removeKey = (server: TestServer, id: string) => server.inWorkspace(`/keys/${id}`, { method: 'DELETE' })
const statusOf = async (answer: Promise<Response>) => (await answer).status
const putFile = (server: TestServer, name: string) =>
  server.inWorkspace(`/files/${name}`, { method: 'PUT', body: 'x', headers: { 'if-none-match': '*' } })
const newTask = post({ payload: { kind: 'command', command: 'true' } })
/** Time is moved by hand. */
function movedClock() {
  const time = { aheadMs: 0 }
  return { time, clock: { ...systemClock, now: () => systemClock.now() + time.aheadMs } }
}

test('[S54] [ACC-44] a key is shown once, its hash is kept, and its list says what it is', async () => {
  const server = await testServer()
  const { key, info } = await makeKey(server, { name: 'nightly', role: 'runner', scopes: ['read', 'tasks:write'] })
  expect(info).toMatchObject({ name: 'nightly', role: 'runner', kind: 'own', prefix: `tdm_${info.id}` })
  expect(key.startsWith(info.prefix)).toBe(true)
  const listed = await (await server.inWorkspace('/keys')).text()
  expect(listed).not.toContain(key)
  expect(listed).not.toContain('hash')
  expect((await keysOf(server)).map(({ name }) => name)).toEqual(['Owner', 'nightly'])
  await server.end()
  const again = await testServer({ dataDir: server.dataDir, ownerKey: server.ownerKey })
  expect(await statusOf(seenBy(again, { authorization: `Bearer ${key}` }).inWorkspace('/files'))).toBe(200)
})

test('[S54] [ACC-44] each route asks for its scope, whatever the role', async () => {
  const server = await testServer()
  const can = async (...scopes: Scope[]) => {
    const key = await makeKey(server, { role: 'owner', scopes })
    return {
      read: await statusOf(key.inWorkspace('/files')),
      file: await statusOf(putFile(key, createId())),
      task: await statusOf(key.inWorkspace('/tasks', newTask)),
      people: await statusOf(key.inWorkspace('/invites')),
      audit: await statusOf(key.inWorkspace('/audit')),
      keys: await statusOf(key.inWorkspace('/keys', post({ name: 'y', scopes: ['read'] }))),
      pair: await statusOf(key.api('/api/v1/pairings/AAAA-AAAA')),
      unknown: await statusOf(key.inWorkspace('/access-token', post({ session: createId() }))),
    }
  }
  const nothing = { read: 403, file: 403, task: 403, people: 403, audit: 403, keys: 403, pair: 403, unknown: 403 }
  expect(await can('alerts:ack')).toEqual(nothing)
  expect(await can('read')).toEqual({ ...nothing, read: 200, unknown: 200 })
  expect(await can('files:write')).toEqual({ ...nothing, file: 201 })
  expect(await can('tasks:write')).toEqual({ ...nothing, task: 201 })
  expect(await can('admin')).toEqual({ ...nothing, people: 200, audit: 200, pair: 404 })
})

test('[ACC-44] a key makes no key that may do more than itself, and nobody one above their own role', async () => {
  const server = await testServer()
  const admin = await makeKey(server, { role: 'owner', scopes: ['admin', 'read'] })
  expect(await statusOf(admin.inWorkspace('/keys', post({ name: 'x', scopes: ['files:write'] })))).toBe(403)
  expect(await statusOf(admin.inWorkspace('/keys', post({ name: 'x', scopes: ['read'] })))).toBe(201)
  const [week, day] = [7 * 86_400_000, 86_400_000]
  const guest = await makeKey(server, { scopes: ['admin', 'read'], expiresInMs: day, workspaces: [server.workspaceId] })
  for (const more of [{ expiresInMs: week }, { workspaces: [createId()] }])
    expect(await statusOf(guest.inWorkspace('/keys', post({ name: 'x', scopes: ['read'], ...more })))).toBe(403)
  const { info } = await makeKey(guest, { scopes: ['read'] })
  expect(info).toMatchObject({ expiresAt: guest.info.expiresAt, workspaces: [server.workspaceId] })
  const anna = await join(server, 'editor')
  expect(await statusOf(anna.inWorkspace('/keys', post({ name: 'x', role: 'owner' })))).toBe(403)
  // What a role was when a key was made is worth nothing later, in either direction.
  const key = await makeKey(anna, { role: 'editor' })
  await server.inWorkspace(`/members/${anna.principal}`, { method: 'PATCH', body: JSON.stringify({ role: 'viewer' }) })
  expect(await statusOf(putFile(key, 'a'))).toBe(403)
  await server.inWorkspace(`/members/${anna.principal}`, { method: 'PATCH', body: JSON.stringify({ role: 'owner' }) })
  expect(await statusOf(putFile(key, 'a'))).toBe(201)
  expect(await statusOf(key.inWorkspace('/members/x', { method: 'DELETE' }))).toBe(403)
})

test('[ACC-44] what a key opens can do no more: a browser’s session, and sockets', async () => {
  const server = await testServer()
  const reader = await makeKey(server, { role: 'owner', scopes: ['read'] })
  const opened = await fetch(`${server.url}/api/v1/session`, post({ token: reader.key }))
  const browser = seenBy(server, {
    cookie: opened.headers.get('set-cookie')?.split(';')[0] ?? '',
    origin: server.url,
  })
  expect(await statusOf(browser.inWorkspace('/files'))).toBe(200)
  expect(await statusOf(browser.inWorkspace('/invites'))).toBe(403)
  expect(await statusOf(browser.inWorkspace('/keys', post({ name: 'x', scopes: ['read'] })))).toBe(403)
  const { claims } = await browser.access({ name: 'Mallory' })
  const { members } = (await (await server.inWorkspace('/members')).json()) as { members: { name: string }[] }
  expect(members).toEqual([expect.objectContaining({ name: expect.not.stringContaining('Mallory') })])
  expect(claims.name).toBe(`${members[0]?.name} (Mallory)`)
  expect((await reader.access()).claims.role).toBe('viewer')
  expect((await (await makeKey(server, { role: 'owner', scopes: ['read', 'files:write'] })).access()).claims.role).toBe(
    'editor',
  )
  await expect(reader.access({ daemon: { id: createId(), name: 'd' } })).rejects.toThrow('scope daemon')
  await expect((await makeKey(server, { scopes: ['files:write'] })).access()).rejects.toThrow('scope read')
})

test('[ACC-44] over its socket a key that only reads asks for no task in its person’s name', async () => {
  const server = await testServer()
  const reader = await makeKey(server, { role: 'owner', scopes: ['read'] })
  const client = await testClient(reader)
  const { principal, session } = client.claims
  const { doc, provider } = await client.open({ kind: 'requests', principal, session })
  openRequests(doc).ask({ kind: 'create', task: { title: 'x', payload: { kind: 'command', command: 'true' } } })
  // Answered after what came before it on the same socket.
  await client.open(newFile())
  expect(provider.unsyncedChanges).toBe(1)
  expect(await (await server.inWorkspace('/tasks')).json()).toEqual({ tasks: [] })
})

test('[ACC-44] nor does one that was no less than its person, once the person is raised', async () => {
  const server = await testServer()
  const anna = await join(server, 'editor')
  const key = await makeKey(anna, { role: 'editor', scopes: ['read', 'files:write', 'tasks:write'] })
  const client = await testClient(key)
  const { principal, session } = client.claims
  const { doc, provider } = await client.open({ kind: 'requests', principal, session })
  await server.inWorkspace(`/members/${principal}`, { method: 'PATCH', body: JSON.stringify({ role: 'owner' }) })
  openRequests(doc).ask({ kind: 'create', task: { title: 'x', payload: { kind: 'command', command: 'true' } } })
  await client.open(newFile())
  expect(provider.unsyncedChanges).toBe(1)
  expect(await (await server.inWorkspace('/tasks')).json()).toEqual({ tasks: [] })
})

test('[ACC-44] nor does it by putting documents in bulk, whatever its role', async () => {
  const server = await testServer()
  const { principal } = (await server.access()).claims
  const doc = new Y.Doc()
  openRequests(doc).ask({ kind: 'create', task: { title: 'x', payload: { kind: 'command', command: 'true' } } })
  const frame = encodeBulkFrame({
    doc: docPath({ kind: 'requests', principal, session: createId() }),
    update: Y.encodeStateAsUpdate(doc),
  })
  const put = async (asked: Parameters<typeof makeKey>[1]) => {
    const key = await makeKey(server, asked)
    const answer = await key.inWorkspace('/bulk/put', { method: 'POST', body: new Uint8Array(frame) })
    return ((await answer.json()) as { refused: { code: string }[] }).refused.map(({ code }) => code)
  }
  expect(await put({ role: 'editor' })).toEqual(['forbidden'])
  expect(await put({ role: 'owner', scopes: ['read', 'files:write'] })).toEqual(['forbidden'])
  expect(await (await server.inWorkspace('/tasks')).json()).toEqual({ tasks: [] })
})

test('[ACC-41] a key that is removed is out at once: its sockets, its browsers, and the tokens it was given, also after a restart', async () => {
  const server = await testServer()
  const key = await makeKey(server)
  const { token } = await key.access()
  const client = await testClient(key, { token: async () => token })
  await client.open(newFile())
  const opened = await fetch(`${server.url}/api/v1/session`, post({ token: key.key }))
  const browser = { cookie: opened.headers.get('set-cookie')?.split(';')[0] ?? '', origin: server.url }
  const stream = await key.inWorkspace('/feed')
  expect(await statusOf(removeKey(server, key.info.id))).toBe(204)
  await eventually(() => expect(client.closes[0]).toEqual({ code: 4401, reason: 'unauthorized' }))
  // Ends, however: an answer that is cut off is one too.
  await stream.arrayBuffer().catch(() => {})
  expect(await statusOf(key.inWorkspace('/files'))).toBe(401)
  expect(await statusOf(fetch(`${server.url}/api/v1/workspaces`, { headers: browser }))).toBe(401)
  const byToken = { authorization: `Bearer ${token}` }
  expect(await statusOf(fetch(`${server.url}/api/v1/workspaces`, { headers: byToken }))).toBe(401)
  await server.end()
  const again = await testServer({ dataDir: server.dataDir, ownerKey: server.ownerKey })
  expect(await statusOf(fetch(`${again.url}/api/v1/workspaces`, { headers: byToken }))).toBe(401)
  const { refusals } = (await testClient(again, { token: async () => token })).attach(newFile())
  await eventually(() => expect(refusals).toEqual(['unauthorized']))
})

test('[ACC-41] a key that has expired ends its sockets too', async () => {
  const { time, clock } = movedClock()
  const server = await testServer({ clock })
  const key = await makeKey(server, { expiresInMs: 60_000 })
  const { token, expiresAt } = await key.access()
  expect(expiresAt).toBe(key.info.expiresAt)
  const client = await testClient(key, { token: async () => token })
  await client.open(newFile())
  time.aheadMs = 60_001
  await eventually(() => expect(client.closes[0]).toEqual({ code: 4401, reason: 'token-expired' }))
  expect(await statusOf(key.inWorkspace('/files'))).toBe(401)
  expect((await keysOf(server)).map(({ id }) => id)).toContain(key.info.id)
})

test('[ACC-44] nobody sees or removes the keys of others, but an owner; the server’s own stays', async () => {
  const server = await testServer()
  const [anna, ben] = [await join(server, 'editor'), await join(server, 'editor')]
  const key = await makeKey(anna)
  expect(await keysOf(ben)).toEqual([])
  expect(await statusOf(ben.inWorkspace('/keys?all'))).toBe(403)
  expect(await statusOf(removeKey(ben, key.info.id))).toBe(404)
  expect((await keysOf(server, '?all')).map(({ id }) => id)).toContain(key.info.id)
  expect(await statusOf(removeKey(server, key.info.id))).toBe(204)
  const [own] = await keysOf(server)
  const refused = await removeKey(server, own?.id ?? '')
  expect(refused.status).toBe(409)
  expect(await statusOf(server.inWorkspace('/files'))).toBe(200)
})

test('[ACC-44] keys of one person are bounded, in words', async () => {
  const server = await testServer()
  const anna = await join(server, 'editor')
  const ask = () => anna.inWorkspace('/keys', post({ name: 'one more' }))
  const answers = await Promise.all(Array.from({ length: 101 }, ask))
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(100)
  const refused = answers.find(({ status }) => status !== 201)
  expect(await refused?.json()).toMatchObject({ code: 'conflict', detail: 'you have 100 keys: remove one first' })
  expect((await makeKey(server)).info.kind).toBe('own')
})

test('[ACC-44] a key for other workspaces is none for this', async () => {
  const server = await testServer()
  const elsewhere = await makeKey(server, { workspaces: [createId()] })
  const here = await makeKey(server, { workspaces: [createId(), server.workspaceId] })
  expect(await statusOf(elsewhere.inWorkspace('/files'))).toBe(403)
  expect(await statusOf(here.inWorkspace('/files'))).toBe(200)
})

test('[S54] [ACC-50] when a key was last used is known to the minute, and told once an hour in the audit', async () => {
  const { time, clock } = movedClock()
  const server = await testServer({ clock })
  const key = await makeKey(server)
  const used = async () => {
    await key.inWorkspace('/files')
    return (await keysOf(server)).find(({ id }) => id === key.info.id)?.lastUsedAt ?? 0
  }
  const uses = async () => {
    const { entries } = (await (await server.inWorkspace('/audit?limit=1000')).json()) as {
      entries: { action: string; object: string }[]
    }
    return entries.filter(({ action, object }) => action === 'key.use' && object === key.info.id).length
  }
  const first = await used()
  expect(await used()).toBe(first)
  time.aheadMs = 61_000
  expect(await used()).toBeGreaterThanOrEqual(first + 61_000)
  expect(await uses()).toBe(1)
  time.aheadMs = 3_700_000
  await used()
  expect(await uses()).toBe(2)
})

test('[S55] [ACC-47] the two keys of the settings do what they are for, as long as the settings have them', async () => {
  const queueApiKey = 'a queue key of thirty-two or more characters'.replaceAll(' ', '-')
  const assistantApiKey = 'an assistant key of thirty-two and more'.replaceAll(' ', '-')
  const server = await testServer({ flags: { queueApiKey, assistantApiKey } })
  const as = (running: TestServer, key: string) => seenBy(running, { authorization: `Bearer ${key}` })
  const [queue, assistant] = [as(server, queueApiKey), as(server, assistantApiKey)]
  expect(await statusOf(queue.inWorkspace('/tasks', newTask))).toBe(201)
  expect(await statusOf(putFile(queue, 'a'))).toBe(403)
  expect(await statusOf(assistant.inWorkspace('/tasks', newTask))).toBe(403)
  expect(await statusOf(assistant.inWorkspace('/files'))).toBe(403)
  expect(await statusOf(assistant.api('/api/v1/workspaces'))).toBe(200)
  expect(await statusOf(as(server, `${queueApiKey.slice(0, -1)}x`).inWorkspace('/tasks'))).toBe(401)
  const [program] = (await keysOf(server, '?all')).filter(({ name }) => name === 'QUEUE_API_KEY')
  expect(program).toMatchObject({ kind: 'environment', prefix: '', scopes: ['read', 'tasks:write'] })
  expect(await statusOf(removeKey(server, program?.id ?? ''))).toBe(409)
  expect(await statusOf(server.inWorkspace(`/members/${program?.principal}`, { method: 'DELETE' }))).toBe(409)
  await server.end()
  const { dataDir, ownerKey } = server
  const without = await testServer({ dataDir, ownerKey, flags: { queueApiKey: `${queueApiKey}-renewed` } })
  expect(await statusOf(as(without, queueApiKey).inWorkspace('/tasks'))).toBe(401)
  expect(await statusOf(as(without, assistantApiKey).api('/api/v1/workspaces'))).toBe(401)
  const renewed = as(without, `${queueApiKey}-renewed`)
  expect(await (await renewed.inWorkspace('/tasks')).json()).toMatchObject({
    tasks: [{ createdByName: 'QUEUE_API_KEY' }],
  })
  const kept = (await keysOf(without, '?all')).find(({ name }) => name === 'QUEUE_API_KEY')
  expect(kept?.principal).toBe(program?.principal)
})

test('[ACC-44] a key that may write files writes them, and its change is its person’s', async () => {
  const server = await testServer()
  const anna = await join(server, 'editor')
  const client = await testClient(await makeKey(anna))
  const { text, provider } = await client.open(newFile())
  text.insert(0, 'by a script')
  await acknowledged(provider)
  expect(client.claims).toMatchObject({ principal: anna.principal, role: 'editor' })
})
