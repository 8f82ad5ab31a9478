import { Pairing, PairingLook, PairingOutcome, createId, scopes, systemClock } from '@tandem/shared'
import { expect, test } from 'vitest'
import { join, makeKey, post, seenBy } from '../test-people.ts'
import { testServer, type TestServer } from '../test-server.ts'

const begin = async (server: TestServer, name = 'laptop') =>
  Pairing.parse(await (await fetch(`${server.url}/api/v1/pairings`, post({ name }))).json())
const poll = (server: TestServer, { deviceCode }: { deviceCode: string }) =>
  fetch(`${server.url}/api/v1/pairings/token`, post({ deviceCode }))
const outcome = async (answer: Promise<Response>) => PairingOutcome.parse(await (await answer).json())
const answer = (server: TestServer, { userCode }: { userCode: string }, approve = true) =>
  server.api(`/api/v1/pairings/${userCode}`, post({ approve }))

/** Time is moved by hand. */
function movedClock() {
  const time = { aheadMs: 0 }
  return { time, clock: { ...systemClock, now: () => systemClock.now() + time.aheadMs } }
}

test('[S57] [ACC-45] a machine gets a key of the person who confirms its code, and serves with it', async () => {
  const server = await testServer()
  const anna = await join(server, 'runner', 'Anna')
  const pairing = await begin(server)
  expect(pairing.verificationUriComplete).toBe(`${server.url}/?pair=${pairing.userCode}`)
  const look = await anna.api(`/api/v1/pairings/${pairing.userCode}`)
  expect(PairingLook.parse(await look.json())).toMatchObject({
    name: 'laptop',
    address: expect.stringContaining('127'),
  })
  expect((await answer(anna, pairing)).status).toBe(204)
  const got = await outcome(poll(server, pairing))
  if (got.state !== 'approved') throw new Error(got.state)
  expect(got).toMatchObject({ workspaceId: server.workspaceId })
  const machine = seenBy(server, { authorization: `Bearer ${got.key}` })
  const { claims } = await machine.access({ daemon: { id: createId(), name: 'laptop' } })
  expect(claims).toMatchObject({ kind: 'daemon', role: 'runner' })
  const { keys } = (await (await anna.inWorkspace('/keys')).json()) as { keys: unknown[] }
  expect(keys).toEqual([expect.objectContaining({ name: 'laptop', kind: 'paired', principal: anna.principal })])
})

test('[ACC-45] a device code is worth one key, however many ask at once', async () => {
  const server = await testServer()
  const pairing = await begin(server)
  await answer(server, pairing)
  const outcomes = await Promise.all(Array.from({ length: 6 }, () => outcome(poll(server, pairing))))
  expect(outcomes.map(({ state }) => state).toSorted()).toEqual(['approved', ...Array(5).fill('expired')])
})

test('[ACC-45] a machine that asks too often is told when to ask again', async () => {
  const server = await testServer({ clock: { ...systemClock, now: () => 1_000_000_000_000 } })
  const pairing = await begin(server)
  expect(await outcome(poll(server, pairing))).toEqual({ state: 'pending', intervalMs: pairing.intervalMs })
  const tooSoon = await poll(server, pairing)
  expect(tooSoon.status).toBe(429)
  expect(tooSoon.headers.get('retry-after')).toBe('2')
})

test('[ACC-45] below the role runner nobody confirms a machine, nor with a page’s token; who is lowered since, not either', async () => {
  const { time, clock } = movedClock()
  const server = await testServer({ clock })
  const editor = await join(server, 'editor')
  const pairing = await begin(server)
  expect((await answer(editor, pairing)).status).toBe(403)
  const { token } = await server.access()
  expect((await answer(seenBy(server, { authorization: `Bearer ${token}` }), pairing)).status).toBe(403)
  expect((await fetch(`${server.url}/api/v1/pairings/${pairing.userCode}`)).status).toBe(401)
  const anna = await join(server, 'runner')
  expect((await answer(anna, pairing)).status).toBe(204)
  await server.inWorkspace(`/members/${anna.principal}`, { method: 'PATCH', body: JSON.stringify({ role: 'viewer' }) })
  expect(await outcome(poll(server, pairing))).toEqual({ state: 'denied' })
  const refused = await begin(server)
  expect((await answer(server, refused, false)).status).toBe(204)
  time.aheadMs = 3_000
  expect(await outcome(poll(server, refused))).toEqual({ state: 'denied' })
})

test('[ACC-45] codes cannot be tried: after a few wrong ones not even a right one is looked at', async () => {
  const { time, clock } = movedClock()
  const server = await testServer({ clock, flags: { failedSignInsPerMinute: 3 } })
  const pairing = await begin(server)
  const statuses = []
  for (const code of ['BBBB-BBBB', 'BBBB-BBBC', 'BBBB-BBBD', 'BBBB-BBBF']) {
    statuses.push((await server.api(`/api/v1/pairings/${code}`)).status)
  }
  expect(statuses).toEqual([404, 404, 404, 429])
  expect((await answer(server, pairing)).status).toBe(429)
  time.aheadMs = 61_000
  expect((await answer(server, pairing)).status).toBe(204)
})

test('[ACC-44] [ACC-45] a key lets in no machine that may do more than itself, or for longer', async () => {
  const server = await testServer()
  const pairing = await begin(server)
  for (const asked of [{ scopes: ['admin' as const] }, { scopes: [...scopes], expiresInMs: 60_000 }]) {
    const key = await makeKey(server, { role: 'owner', ...asked })
    expect((await answer(key, pairing)).status).toBe(403)
  }
  expect(await outcome(poll(server, pairing))).toMatchObject({ state: 'pending' })
  expect((await answer(await makeKey(server, { role: 'owner', scopes: [...scopes] }), pairing)).status).toBe(204)
})
