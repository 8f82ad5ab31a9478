import { createId, DaemonList, systemClock, type Id } from '@tandem/shared'
import { expect, test, vi } from 'vitest'
import { testClient, testServer, type TestServer } from '../test-server.ts'

const daemon = (name: string, shared = false) => ({ id: createId(), name, shared })
type Daemon = ReturnType<typeof daemon>

/** Asks for an access token as that daemon, and says how that went. */
async function comes(server: TestServer, who: Daemon) {
  const body = JSON.stringify({ session: createId(), daemon: who })
  const answer = await server.inWorkspace('/access-token', { method: 'POST', body })
  const said = (await answer.json()) as { token?: string; code?: string; detail?: string }
  return { status: answer.status, ...said }
}
const served = async (server: TestServer) =>
  DaemonList.parse(await (await server.inWorkspace('/daemons')).json()).daemons.map(({ name }) => name)
const leaves = async (server: TestServer, id: Id) =>
  (await server.inWorkspace(`/daemons/${id}/lease`, { method: 'DELETE' })).status

/** Time that goes on by itself and can be moved ahead. */
function movable() {
  let aheadMs = 0
  return { ...systemClock, now: () => systemClock.now() + aheadMs, ahead: (ms: number) => (aheadMs += ms) }
}

test('[ACC-66] [S311] a second daemon gets no token, and is told by whom the workspace is served', async () => {
  const server = await testServer()
  const [mira, noor] = [daemon('mira'), daemon('noor')]
  expect((await comes(server, mira)).status).toBe(200)
  expect(await comes(server, noor)).toMatchObject({
    status: 409,
    code: 'workspace-served',
    detail: expect.stringMatching(/^the daemon “mira” serves this workspace since 20\d\d-/),
  })
  expect(await served(server)).toEqual(['mira'])
  // Who was sent away is no member.
  const { members } = (await (await server.inWorkspace('/members')).json()) as { members: { name: string }[] }
  expect(members.map(({ name }) => name)).not.toContain('noor')
})

test('[ACC-67] a clean end frees the workspace at once, and nobody else’s does', async () => {
  const server = await testServer()
  const [mira, noor] = [daemon('mira'), daemon('noor')]
  await comes(server, mira)
  expect(await leaves(server, noor.id)).toBe(204)
  expect(await served(server)).toEqual(['mira'])
  expect(await leaves(server, mira.id)).toBe(204)
  expect(await served(server)).toEqual([])
  expect((await comes(server, noor)).status).toBe(200)
})

test('[ACC-67] a restart of the server gives the workspace to nobody else', async () => {
  const first = await testServer()
  const [mira, noor] = [daemon('mira'), daemon('noor')]
  await comes(first, mira)
  await first.end()
  const second = await testServer({ dataDir: first.dataDir, ownerKey: first.ownerKey })
  expect((await comes(second, noor)).status).toBe(409)
  expect((await comes(second, mira)).status).toBe(200)
})

test('[ACC-67] [S311] a daemon keeps its place while it is connected; after a silence another takes it', async () => {
  const clock = movable()
  const server = await testServer({ clock })
  const [mira, noor] = [daemon('mira'), daemon('noor')]
  const client = await testClient(server, { daemon: mira })
  await client.open({ kind: 'daemon', daemonId: mira.id })
  clock.ahead(60_000)
  expect((await comes(server, noor)).status).toBe(409)
  client.socket.destroy()
  await vi.waitFor(async () => {
    const { daemons } = DaemonList.parse(await (await server.inWorkspace('/daemons')).json())
    expect(daemons).toMatchObject([{ name: 'mira', connected: false }])
  })
  expect((await comes(server, noor)).status).toBe(409)
  clock.ahead(31_000)
  expect((await comes(server, noor)).status).toBe(200)
})

test('[ACC-69] who was away while another took over writes nothing more with the token it has', async () => {
  const clock = movable()
  const server = await testServer({ clock })
  const [mira, noor] = [daemon('mira'), daemon('noor')]
  const { token = '' } = await comes(server, mira)
  const list = () => server.inWorkspace('/files', { headers: { authorization: `Bearer ${token}` } })
  expect((await list()).status).toBe(200)
  clock.ahead(31_000)
  await comes(server, noor)
  expect(await (await list()).json()).toMatchObject({ code: 'workspace-served' })
  const client = await testClient(server, { daemon: noor, token: async () => token })
  const { refusals } = client.attach({ kind: 'files' })
  await vi.waitFor(() => expect(refusals).toEqual(['workspace-served']))
  await leaves(server, noor.id)
  expect((await comes(server, mira)).status).toBe(200)
})

test('[ACC-68] [S112] daemons that all say so serve the workspace together', async () => {
  const server = await testServer()
  const [mira, noor, alone] = [daemon('mira', true), daemon('noor', true), daemon('alone')]
  expect((await comes(server, mira)).status).toBe(200)
  expect((await comes(server, noor)).status).toBe(200)
  expect((await comes(server, alone)).status).toBe(409)
  expect(await served(server)).toEqual(['mira', 'noor'])
  const [one, other] = [await testClient(server, { daemon: mira }), await testClient(server, { daemon: noor })]
  const file = { kind: 'file', fileId: createId() } as const
  const [a, b] = [await one.open(file), await other.open(file)]
  a.text.insert(0, 'from mira')
  await vi.waitFor(() => expect(b.text.toString()).toBe('from mira'))
})

test('[ACC-69] a daemon that gave its place up, or lost it, writes nothing more on the connection it has', async () => {
  const clock = movable()
  const server = await testServer({ clock })
  const [mira, noor, sam] = [daemon('mira'), daemon('noor'), daemon('sam')]
  const file = { kind: 'file', fileId: createId() } as const
  const one = await testClient(server, { daemon: mira })
  await one.open(file)
  await leaves(server, mira.id)
  await vi.waitFor(() => expect(one.closes[0]).toEqual({ code: 4409, reason: 'workspace-served' }))
  // Without a word on its own document it is not known to be there.
  const two = await testClient(server, { daemon: noor })
  await two.open(file)
  clock.ahead(31_000)
  expect((await comes(server, sam)).status).toBe(200)
  await vi.waitFor(() => expect(two.closes[0]).toEqual({ code: 4409, reason: 'workspace-served' }))
})

test('[ACC-33] one account has a bounded number of daemons; those that are there come again', async () => {
  const server = await testServer()
  const first = daemon('first', true)
  await comes(server, first)
  await Promise.all(Array.from({ length: 99 }, (_, i) => comes(server, daemon(`${i}`, true))))
  expect(await comes(server, daemon('more', true))).toMatchObject({ status: 409, code: 'conflict' })
  expect((await comes(server, first)).status).toBe(200)
})
