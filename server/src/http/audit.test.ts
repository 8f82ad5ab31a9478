import { AuditPage } from '@tandem/shared'
import { expect, test, vi } from 'vitest'
import { openMemoryStore } from '../store/memory.ts'
import { invite, join, makeKey, post } from '../test-people.ts'
import { testClient, testServer, type TestServer } from '../test-server.ts'

const page = async (server: TestServer, query = '') =>
  AuditPage.parse(await (await server.inWorkspace(`/audit${query}`)).json())

test('[ACC-48] [ACC-34] who signed in, was let in, refused or put out is told, newest first, and no secret with it', async () => {
  const server = await testServer()
  const anna = await join(server, 'editor', 'Anna')
  const { token } = await invite(server)
  const { key, info } = await makeKey(anna)
  await fetch(`${server.url}/api/v1/session`, post({ token: `${key.slice(0, -1)}x` }))
  const foreign = { headers: { origin: 'https://evil.example' } }
  expect((await fetch(`${server.url}/api/v1/invites/${token}`, foreign)).status).toBe(403)
  await anna.inWorkspace('/invites', post({}))
  await anna.inWorkspace(`/keys/${info.id}`, { method: 'DELETE' })
  await server.inWorkspace(`/members/${anna.principal}`, { method: 'PATCH', body: JSON.stringify({ role: 'viewer' }) })
  await server.inWorkspace(`/members/${anna.principal}`, { method: 'DELETE' })
  const { entries } = await page(server)
  const told = entries.map(({ action, actorName }) => [action, actorName])
  expect(told.slice(0, 8)).toEqual([
    ['member.remove', expect.any(String)],
    ['member.role', expect.any(String)],
    ['key.remove', 'Anna'],
    ['http.refused', 'Anna'],
    ['http.refused', undefined],
    ['http.refused', undefined],
    ['key.make', 'Anna'],
    ['invite.make', expect.any(String)],
  ])
  for (const action of ['invite.take', 'session.open', 'key.use']) expect(told.map(([a]) => a)).toContain(action)
  expect(entries.map(({ n }) => n)).toEqual(entries.map((_, i) => (entries[0]?.n ?? 0) - i))
  const cookie = anna.headers.cookie.split('=')[1] ?? '?'
  const all = JSON.stringify(entries)
  expect(all).toContain('/api/v1/invites/tdi_…')
  for (const secret of [key.slice(-70), token.slice(-43), cookie, server.ownerKey]) expect(all).not.toContain(secret)
})

test('[ACC-48] the audit is read page by page, by owners alone', async () => {
  const server = await testServer()
  for (let i = 0; i < 12; i += 1) await invite(server)
  const first = await page(server, '?limit=5')
  const second = await page(server, `?limit=5&cursor=${first.cursor}`)
  const all = await page(server)
  expect([...first.entries, ...second.entries]).toEqual(all.entries.slice(0, 10))
  expect(all.cursor).toBeUndefined()
  for (const role of ['viewer', 'runner'] as const) {
    expect((await (await join(server, role)).inWorkspace('/audit')).status).toBe(403)
  }
})

test('[ACC-48] a change, a gap and a missing end of the past show', async () => {
  const store = openMemoryStore()
  const server = await testServer({ store })
  for (let i = 0; i < 5; i += 1) await invite(server)
  expect((await page(server, '?verify')).whole).toBe(true)
  const { entries } = await page(server)
  const key = String(entries[2]?.n).padStart(12, '0')
  const kept = await store.read('audit', key)
  const write = (at: string, value: unknown) => store.commit([{ t: 'record', table: 'audit', key: at, value }])
  await write(key, { ...(kept as object), actor: 'somebody else' })
  expect((await page(server, '?verify')).whole).toBe(false)
  await write(key, undefined)
  expect((await page(server, '?verify')).whole).toBe(false)
  await write(key, kept)
  expect((await page(server, '?verify')).whole).toBe(true)
  const newest = (await page(server)).entries[0]?.n ?? 0
  await write(String(newest).padStart(12, '0'), undefined)
  const after = await page(server, '?verify')
  expect(after.whole).toBe(false)
  expect(after.entries[0]?.n).toBe(newest - 1)
})

test('[ACC-48] [ACC-34] failed sign-ins are told, also those beyond the bound', async () => {
  const server = await testServer({ flags: { failedSignInsPerMinute: 1 } })
  for (let i = 0; i < 3; i += 1) await fetch(`${server.url}/api/v1/session`, post({ token: 'tdm_wrong' }))
  const { entries } = await page(server)
  const refused = entries.filter(({ action, object }) => action === 'http.refused' && object === '/api/v1/session')
  expect(refused.map(({ details }) => (details as { code: string }).code)).toEqual([
    'rate-limited',
    'rate-limited',
    'unauthorized',
  ])
})

test('[ACC-48] [ACC-34] a token that is refused on a connection is told, too', async () => {
  const server = await testServer()
  let token = ''
  const first = await server.access()
  const client = await testClient(server, { token: async () => token || first.token })
  const { provider } = await client.open({ kind: 'ops' })
  token = 'a.b.c'
  await provider.sendToken()
  await vi.waitUntil(() => client.closes.length > 0, { timeout: 5_000 })
  const { entries } = await page(server)
  expect(entries.find(({ action }) => action === 'socket.refused')).toMatchObject({
    actor: first.claims.principal,
    details: { code: 'unauthorized' },
  })
})
