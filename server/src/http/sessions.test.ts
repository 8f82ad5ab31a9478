import { createHash } from 'node:crypto'
import { KeyList, MemberList, SessionList, createId, systemClock } from '@tandem/shared'
import { expect, test } from 'vitest'
import { openMemoryStore } from '../store/memory.ts'
import type { Table } from '../store/store.ts'
import { cookieOf, eventually, join, post } from '../test-people.ts'
import { testClient, testServer, type TestServer } from '../test-server.ts'

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const phone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0 Mobile/15E148 Safari/604.1'

async function signIn(server: TestServer, headers: Record<string, string> = {}) {
  const answer = await fetch(`${server.url}/api/v1/session`, { ...post({ token: server.ownerKey }), headers })
  expect(answer.status).toBe(201)
  const cookie = cookieOf(answer)
  const ask = (route: string, init: RequestInit = {}) =>
    fetch(`${server.url}${route}`, { ...init, headers: { cookie, origin: server.url } })
  return {
    cookie,
    ask,
    status: async () => (await ask('/api/v1/session')).status,
    list: async () => SessionList.parse(await (await ask('/api/v1/sessions')).json()).sessions,
  }
}

test('[S52] [ACC-46] everybody sees where they are signed in, by names that people know, and nobody else’s', async () => {
  const server = await testServer()
  const here = await signIn(server, { 'user-agent': firefox })
  await signIn(server, { 'user-agent': phone })
  const anna = await join(server, 'editor')
  const mine = await here.list()
  expect(new Map(mine.map(({ browser, current }) => [browser, current]))).toEqual(
    new Map([
      ['Chrome on iPhone', false],
      ['Firefox on Linux', true],
    ]),
  )
  const theirs = SessionList.parse(await (await anna.api('/api/v1/sessions')).json()).sessions
  expect(theirs).toHaveLength(1)
  const [session] = mine
  const foreign = await anna.api(`/api/v1/sessions/${session?.id}`, { method: 'DELETE' })
  expect(foreign.status).toBe(404)
})

test('[S52] [ACC-46] a browser is signed out from any other, with its sockets; the rest go on', async () => {
  const server = await testServer()
  const [here, there] = [await signIn(server), await signIn(server)]
  const tokenOf = async ({ ask }: typeof here) => {
    const route = `/api/v1/workspaces/${server.workspaceId}/access-token`
    const answer = await ask(route, post({ session: createId() }))
    return ((await answer.json()) as { token: string }).token
  }
  const [mine, its] = await Promise.all([tokenOf(here), tokenOf(there)])
  const [goesOn, ends] = [
    await testClient(server, { token: async () => mine }),
    await testClient(server, { token: async () => its }),
  ]
  const doc = { kind: 'file', fileId: createId() } as const
  await Promise.all([goesOn.open(doc), ends.open(doc)])
  const other = (await here.list()).find(({ current }) => !current)
  expect((await here.ask(`/api/v1/sessions/${other?.id}`, { method: 'DELETE' })).status).toBe(204)
  await eventually(() => expect(ends.closes[0]).toEqual({ code: 4401, reason: 'unauthorized' }))
  expect([await here.status(), await there.status()]).toEqual([200, 401])
  const third = await signIn(server)
  expect((await here.ask('/api/v1/sessions?others', { method: 'DELETE' })).status).toBe(204)
  expect([await here.status(), await third.status()]).toEqual([200, 401])
  expect(goesOn.closes).toEqual([])
  // Signing out ends one's own sockets as well.
  expect((await here.ask('/api/v1/session', { method: 'DELETE' })).status).toBe(204)
  await eventually(() => expect(goesOn.closes[0]).toEqual({ code: 4401, reason: 'unauthorized' }))
})

test('[ACC-46] signing in never goes on with a cookie that was there before', async () => {
  const server = await testServer()
  // One that somebody else put there stays worth nothing.
  const planted = `${cookieOf(await fetch(`${server.url}/api/v1/session`, post({ token: server.ownerKey }))).split('=')[0]}=${'x'.repeat(43)}`
  const fresh = await signIn(server, { cookie: planted })
  expect(fresh.cookie).not.toBe(planted)
  const byPlanted = await fetch(`${server.url}/api/v1/session`, { headers: { cookie: planted } })
  expect(byPlanted.status).toBe(401)
  // One of the same account gives way, and its session goes on in the new one.
  const before = (await fresh.list()).find(({ current }) => current)
  const again = await signIn(server, { cookie: fresh.cookie })
  expect([await fresh.status(), await again.status()]).toEqual([401, 200])
  expect((await again.list()).find(({ current }) => current)?.id).toBe(before?.id)
  // One of another account is signed out.
  const anna = await join(server, 'viewer')
  const instead = await signIn(server, { cookie: anna.headers.cookie, origin: server.url })
  expect((await anna.api('/api/v1/session')).status).toBe(401)
  expect(await instead.status()).toBe(200)
})

test('[S52] a session that nobody used for a month has ended, also for the list', async () => {
  const time = { aheadMs: 0 }
  const server = await testServer({ clock: { ...systemClock, now: () => systemClock.now() + time.aheadMs } })
  const [used, forgotten] = [await signIn(server), await signIn(server)]
  time.aheadMs = 29 * 86_400_000
  expect(await used.status()).toBe(200)
  time.aheadMs = 31 * 86_400_000
  expect([await used.status(), await forgotten.status()]).toEqual([200, 401])
  expect(await used.list()).toHaveLength(1)
})

test('[ACC-46] whoever signs in again and again ends what they have not used for longest', async () => {
  const time = { aheadMs: 0 }
  const server = await testServer({ clock: { ...systemClock, now: () => 1_000_000_000_000 + time.aheadMs } })
  const first = await signIn(server)
  for (let i = 0; i < 99; i += 1) {
    time.aheadMs += 1
    await signIn(server)
  }
  expect(await first.list()).toHaveLength(100)
  time.aheadMs += 1
  const last = await signIn(server)
  expect([await first.status(), await last.status()]).toEqual([401, 200])
  expect(await last.list()).toHaveLength(100)
})

test('[ACC-46] [S50] browsers and daemons of an earlier version are known still', async () => {
  const store = openMemoryStore()
  const first = await testServer({ store })
  const daemon = { id: createId(), name: 'laptop' }
  const [owner] = MemberList.parse(await (await first.inWorkspace('/members')).json()).members
  const [key] = KeyList.parse(await (await first.inWorkspace('/keys')).json()).keys
  await first.end()
  const cookie = 'c'.repeat(43)
  const record = (table: Table, key: string, value: unknown) => ({ t: 'record', table, key, value }) as const
  const account = { principal: owner?.id, name: 'mira', role: 'owner' }
  await store.commit([
    record('members', owner?.id ?? '', { id: owner?.id, name: 'mira', role: 'owner' }),
    record('members', daemon.id, { ...daemon, role: 'runner' }),
    record('daemons', daemon.id, { owner: owner?.id, name: 'laptop' }),
    record('keys', key?.id ?? '', { ...account, hash: 'f'.repeat(64), owner: true, createdAt: 1 }),
    record('sessions', createHash('sha256').update(cookie).digest('hex'), {
      ...account,
      keyId: key?.id,
      usedAt: Date.now(),
    }),
  ])
  const server = await testServer({ store, ownerKey: first.ownerKey })
  const headers = { cookie: `tandem_${server.workspaceId.slice(-8).toLowerCase()}=${cookie}`, origin: server.url }
  const here = await (await fetch(`${server.url}/api/v1/session`, { headers })).json()
  expect(here).toEqual({ principal: owner?.id, name: 'mira' })
  expect((await server.access({ daemon })).claims).toMatchObject({ kind: 'daemon', principal: daemon.id })
  const closed = await fetch(`${server.url}/api/v1/session`, { method: 'DELETE', headers })
  expect(closed.status).toBe(204)
  expect((await fetch(`${server.url}/api/v1/session`, { headers })).status).toBe(401)
})

test('[S53] nobody is let in without a user, in words and as a problem', async () => {
  const server = await testServer()
  for (const route of ['/api/v1/workspaces', '/api/v1/sessions', `/api/v1/workspaces/${server.workspaceId}/members`]) {
    const answer = await fetch(`${server.url}${route}`)
    expect(answer.status).toBe(401)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(await answer.json()).toMatchObject({ code: 'unauthorized', detail: 'nobody is signed in' })
  }
})
