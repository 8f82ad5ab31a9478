import { MemberList, createId, docPath } from '@tandem/shared'
import { openOps } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import { openMemoryStore } from '../store/memory.ts'
import { eventually, join, makeKey, post } from '../test-people.ts'
import { acknowledged, testClient, testServer, type TestServer } from '../test-server.ts'

const newFile = () => ({ kind: 'file', fileId: createId() }) as const
const setRole = (server: TestServer, id: string, role: string) =>
  server.inWorkspace(`/members/${id}`, { method: 'PATCH', body: JSON.stringify({ role }) })
const remove = (server: TestServer, id: string) => server.inWorkspace(`/members/${id}`, { method: 'DELETE' })
const listOf = async (server: TestServer) =>
  MemberList.parse(await (await server.inWorkspace('/members')).json()).members
const ownerOf = async (server: TestServer) => {
  const [owner] = (await listOf(server)).filter(({ role }) => role === 'owner')
  return owner?.id ?? ''
}

test('[S49] [ACC-40] a lowered role takes effect at once: on an open document, on REST, and in the list that all see', async () => {
  const server = await testServer()
  const anna = await join(server, 'editor', 'Anna')
  const doc = newFile()
  const client = await testClient(anna)
  const mine = await client.open(doc)
  const ops = openOps((await client.open({ kind: 'ops' })).doc)
  mine.text.insert(0, 'as an editor')
  await acknowledged(mine.provider)
  expect((await setRole(server, anna.principal, 'viewer')).status).toBe(200)
  mine.text.insert(0, 'as a viewer, ')
  const other = await (await testClient(server)).open(doc)
  await eventually(() => expect(ops.members.get(anna.principal)).toMatchObject({ name: 'Anna', role: 'viewer' }))
  expect(other.text.toString()).toBe('as an editor')
  expect(client.closes).toEqual([])
  expect((await anna.inWorkspace('/tasks', post({}))).status).toBe(403)
  expect((await anna.access()).claims.role).toBe('viewer')
  // And raised again: the same socket writes.
  await setRole(server, anna.principal, 'editor')
  const again = await client.open(newFile())
  again.text.insert(0, 'as an editor again')
  await acknowledged(again.provider)
})

test('[S49] [ACC-41] a member who is removed is out: sockets, sessions, keys, tokens', async () => {
  const server = await testServer()
  const anna = await join(server, 'editor', 'Anna')
  const script = await makeKey(anna)
  const { token } = await anna.access()
  const byBrowser = await testClient(anna, { token: async () => token })
  const byScript = await testClient(script)
  await Promise.all([byBrowser.open(newFile()), byScript.open(newFile())])
  expect((await remove(server, anna.principal)).status).toBe(204)
  await eventually(() => {
    expect(byBrowser.closes[0]).toEqual({ code: 4403, reason: 'forbidden' })
    expect(byScript.closes[0]).toEqual({ code: 4403, reason: 'forbidden' })
  })
  expect((await anna.inWorkspace('/members')).status).toBe(401)
  expect((await script.inWorkspace('/members')).status).toBe(401)
  const late = await testClient(server, { token: async () => token })
  const { refusals } = late.attach(newFile())
  await eventually(() => expect(refusals).toEqual(['unauthorized']))
  expect((await listOf(server)).map(({ name }) => name)).not.toContain('Anna')
})

test('[ACC-40] a role that is lowered while a document is still being opened is lowered there, too', async () => {
  const store = openMemoryStore()
  const first = await testServer({ store })
  const doc = newFile()
  const { text, provider } = await (await testClient(first)).open(doc)
  text.insert(0, 'before')
  await acknowledged(provider)
  await first.end()
  const { promise: mayLoad, resolve: goOn } = Promise.withResolvers<void>()
  const { promise: isAsked, resolve: asked } = Promise.withResolvers<void>()
  const slow: typeof store = {
    ...store,
    entry: async (name, seq) => {
      if (name === docPath(doc)) {
        asked()
        await mayLoad
      }
      return store.entry(name, seq)
    },
  }
  const server = await testServer({ store: slow, ownerKey: first.ownerKey })
  const anna = await join(server, 'editor')
  const opening = (await testClient(anna)).open(doc)
  await isAsked
  await setRole(server, anna.principal, 'viewer')
  goOn()
  const mine = await opening
  mine.text.insert(0, 'not ')
  const other = await (await testClient(server)).open(doc)
  other.text.insert(other.text.length, ' and after')
  await acknowledged(other.provider)
  await eventually(() => expect(mine.text.toString()).toBe('not before and after'))
  expect(other.text.toString()).toBe('before and after')
})

test('[ACC-42] the last owner can neither go nor be lowered; with a second one the first can', async () => {
  const server = await testServer()
  const founder = await ownerOf(server)
  for (const refused of [await setRole(server, founder, 'editor'), await remove(server, founder)]) {
    expect(refused.status).toBe(409)
    expect(await refused.json()).toMatchObject({ code: 'conflict', detail: expect.stringContaining('only owner') })
  }
  const ben = await join(server, 'owner', 'Ben')
  expect((await setRole(ben, founder, 'editor')).status).toBe(200)
  // The key on the disk says owner: the membership says what it is worth.
  expect((await setRole(server, ben.principal, 'viewer')).status).toBe(403)
  expect((await remove(ben, ben.principal)).status).toBe(409)
})

test('[ACC-42] who gave the workspace away is not let in again by a restart', async () => {
  const server = await testServer()
  const founder = await ownerOf(server)
  const ben = await join(server, 'owner', 'Ben')
  expect((await remove(ben, founder)).status).toBe(204)
  expect((await server.inWorkspace('/members')).status).toBe(403)
  await server.end()
  const again = await testServer({ dataDir: server.dataDir, ownerKey: server.ownerKey })
  expect((await again.inWorkspace('/members')).status).toBe(403)
})

test('[ACC-40] only an owner changes roles, and nobody their own upwards', async () => {
  const server = await testServer()
  const founder = await ownerOf(server)
  for (const role of ['viewer', 'commenter', 'editor', 'runner'] as const) {
    const member = await join(server, role)
    expect((await setRole(member, member.principal, 'owner')).status).toBe(403)
    expect((await setRole(member, founder, 'viewer')).status).toBe(403)
    expect((await remove(member, founder)).status).toBe(403)
  }
  // An access token is in the hands of a page's scripts: it manages nobody.
  const { token } = await server.access()
  const byToken = await server.inWorkspace(`/members/${founder}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${token}` },
  })
  expect(byToken.status).toBe(403)
  expect((await setRole(server, createId(), 'viewer')).status).toBe(404)
  expect((await setRole(server, founder, 'emperor')).status).toBe(422)
})

test('[S50] [S51] [ACC-49] a daemon works in the right of its owner, and ends with it', async () => {
  const server = await testServer()
  const anna = await join(server, 'runner', 'Anna')
  const key = await makeKey(anna, { role: 'runner' })
  const daemon = { id: createId(), name: 'laptop' }
  const client = await testClient(key, { daemon })
  await client.open({ kind: 'daemon', daemonId: daemon.id })
  expect(await listOf(server)).toContainEqual(
    expect.objectContaining({ id: daemon.id, name: 'laptop', role: 'runner', kind: 'daemon' }),
  )
  // A daemon has no role of its own to change.
  expect((await setRole(server, daemon.id, 'owner')).status).toBe(409)
  await setRole(server, anna.principal, 'editor')
  await eventually(() => expect(client.closes[0]).toEqual({ code: 4403, reason: 'forbidden' }))
  await expect(key.access({ daemon })).rejects.toThrow('needs the role runner')
  await setRole(server, anna.principal, 'runner')
  expect((await key.access({ daemon })).claims).toMatchObject({ kind: 'daemon', principal: daemon.id })
  await remove(server, anna.principal)
  expect((await listOf(server)).map(({ id }) => id)).not.toContain(daemon.id)
})

test('[S50] [ACC-49] a daemon’s id is never that of a person, whose documents it would open', async () => {
  const server = await testServer()
  const anna = await join(server, 'runner', 'Anna')
  const ben = await join(server, 'viewer', 'Ben')
  const key = await makeKey(anna, { role: 'runner' })
  for (const id of [ben.principal, await ownerOf(server), anna.principal]) {
    await expect(key.access({ daemon: { id, name: 'x' } })).rejects.toThrow('belongs to another account')
  }
  const daemon = { id: createId(), name: 'of the owner' }
  await server.access({ daemon })
  await expect(key.access({ daemon })).rejects.toThrow('belongs to another account')
})

test('[ACC-40] [ACC-6] a name is a person’s own to change, not that of a script with a key of theirs', async () => {
  const server = await testServer()
  const anna = await join(server, 'editor', 'Anna')
  const nameOf = async () => (await listOf(server)).find(({ id }) => id === anna.principal)?.name
  const script = await makeKey(anna)
  expect((await script.access({ name: 'nightly' })).claims.name).toBe('Anna (nightly)')
  expect(await nameOf()).toBe('Anna')
  await anna.access({ name: ' Anna B. ' })
  expect(await nameOf()).toBe('Anna B.')
})
