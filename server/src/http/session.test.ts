import { createId, SignInLink } from '@tandem/shared'
import { expect, test } from 'vitest'
import { createApiKey } from '../auth/api-keys.ts'
import { openMemoryStore } from '../store/memory.ts'
import { testServer, type TestServer } from '../test-server.ts'

const signIn = (server: TestServer, token = server.ownerKey, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/api/v1/session`, { method: 'POST', body: JSON.stringify({ token }), headers })
const cookieOf = (answer: Response) => answer.headers.get('set-cookie')?.split(';')[0] ?? ''
const tokenRoute = (server: TestServer) => `${server.url}/api/v1/workspaces/${server.workspaceId}/access-token`

test("[ACC-32] the owner's token becomes a cookie that no script reads, no other site sends, and that keeps to TLS where it came by it", async () => {
  const server = await testServer()
  const answer = await signIn(server)
  expect(answer.status).toBe(201)
  expect(answer.headers.get('set-cookie')).toMatch(/^tandem_\w{8}=[\w-]{43}; .*HttpOnly/)
  expect(answer.headers.get('set-cookie')).toContain('SameSite=Strict')
  expect(answer.headers.get('set-cookie')).not.toContain('Secure')
  const overTls = await signIn(server, server.ownerKey, { origin: server.url.replace('http:', 'https:') })
  expect(overTls.headers.get('set-cookie')).toContain('Secure')
  const cookie = cookieOf(answer)
  const me = await fetch(`${server.url}/api/v1/session`, { headers: { cookie } })
  expect(await me.json()).toEqual(await answer.json())
})

test('[ACC-32] a session survives a restart, and ends when signed out', async () => {
  const first = await testServer()
  const cookie = cookieOf(await signIn(first))
  await first.end()
  const second = await testServer({ dataDir: first.dataDir, ownerKey: first.ownerKey })
  const session = (init: RequestInit = {}) =>
    fetch(`${second.url}/api/v1/session`, { ...init, headers: { cookie, origin: second.url } })
  expect((await session()).status).toBe(200)
  expect((await session({ method: 'DELETE' })).status).toBe(204)
  expect((await session()).status).toBe(401)
})

test('[ACC-21] a new owner key withdraws the old one, and the sessions it opened', async () => {
  const first = await testServer()
  const cookie = cookieOf(await signIn(first))
  await first.end()
  const second = await testServer({ dataDir: first.dataDir, ownerKey: createApiKey() })
  expect((await signIn(second, first.ownerKey)).status).toBe(401)
  expect((await fetch(`${second.url}/api/v1/session`, { headers: { cookie } })).status).toBe(401)
})

test('[ACC-3] a cookie changes nothing on the word of a page that is not ours, or does not say whose it is', async () => {
  const server = await testServer()
  const cookie = cookieOf(await signIn(server))
  const ask = (headers: Record<string, string>) =>
    fetch(tokenRoute(server), {
      method: 'POST',
      body: JSON.stringify({ session: createId() }),
      headers: { cookie, ...headers },
    })
  expect((await ask({ origin: server.url })).status).toBe(200)
  expect((await ask({})).status).toBe(403)
  expect((await ask({ origin: 'https://evil.example' })).status).toBe(403)
  expect((await ask({ origin: `http://127.0.0.1:${server.port + 1}` })).status).toBe(403)
  expect((await signIn(server, server.ownerKey, { origin: 'https://evil.example' })).status).toBe(403)
})

test('[ACC-34] what is refused is logged and in the audit', async () => {
  const server = await testServer()
  const answer = await signIn(server, createApiKey())
  expect(answer.status).toBe(401)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(await answer.json()).toMatchObject({ status: 401, code: 'unauthorized', hint: expect.any(String) })
  expect(server.lines).toContainEqual(expect.objectContaining({ msg: 'request refused', code: 'unauthorized' }))
})

test('[S314] [ACC-33] failed sign-ins are bounded, and the refusal says so; the right key passes all the same', async () => {
  const server = await testServer({ flags: { failedSignInsPerMinute: 2 } })
  const byKey = (key: string) =>
    fetch(`${server.url}/api/v1/workspaces`, { headers: { authorization: `Bearer ${key}` } })
  expect((await signIn(server, createApiKey())).status).toBe(401)
  expect((await byKey(createApiKey())).status).toBe(401)
  const refused = await signIn(server, createApiKey())
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(25)
  expect(await refused.json()).toMatchObject({ code: 'rate-limited', detail: expect.stringContaining('perMinute 2') })
  expect((await byKey(createApiKey())).status).toBe(429)
  expect((await byKey(server.ownerKey)).status).toBe(200)
  // Whoever shows no key has not failed to sign in: the page asks so at each first visit.
  expect((await fetch(`${server.url}/api/v1/session`)).status).toBe(401)
  expect((await fetch(`${server.url}/api/v1/workspaces`)).status).toBe(401)
})

test('[ACC-34] requests from a page elsewhere do not fill the disk', async () => {
  const store = openMemoryStore()
  const server = await testServer({ store })
  const foreign = (i: number) => fetch(`${server.url}/${i}`, { headers: { origin: 'https://evil.example' } })
  const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => foreign(i)))
  expect(answers.every(({ status }) => status === 403)).toBe(true)
  expect(server.lines.filter(({ msg }) => msg === 'request refused')).toHaveLength(20)
  await server.end()
  const entries: unknown[] = []
  for await (const [, entry] of store.list('audit')) entries.push(entry)
  expect(entries.filter((e) => (e as { action: string }).action === 'http.refused')).toHaveLength(21)
  expect(entries.at(-1)).toMatchObject({ details: { times: 40 } })
})

test('[S54] a mistyped, unknown or half key is refused', async () => {
  const server = await testServer()
  const last = server.ownerKey.at(-1) === '0' ? '1' : '0'
  for (const key of [server.ownerKey.slice(0, -1) + last, server.ownerKey.slice(0, -9), createApiKey(), 'x', '']) {
    const answer = await fetch(`${server.url}/api/v1/workspaces`, { headers: { authorization: `Bearer ${key}` } })
    expect(answer.status).toBe(401)
  }
})

test('[S50] a daemon signs in with a key alone, and no account comes as the daemon of another', async () => {
  const server = await testServer()
  const daemon = { id: createId(), name: 'd' }
  const { claims, token } = await server.access({ daemon })
  expect(claims).toMatchObject({ kind: 'daemon', principal: daemon.id, workspaceId: server.workspaceId })
  const ask = (headers: Record<string, string>, body: object) =>
    fetch(tokenRoute(server), { method: 'POST', body: JSON.stringify({ session: createId(), ...body }), headers })
  const cookie = cookieOf(await signIn(server))
  expect((await ask({ cookie, origin: server.url }, { daemon })).status).toBe(403)
  // A token does not mint its successor.
  expect((await ask({ authorization: `Bearer ${token}` }, {})).status).toBe(403)
  const { principal } = (await (await signIn(server)).json()) as { principal: string }
  expect(
    (await ask({ authorization: `Bearer ${server.ownerKey}` }, { daemon: { id: principal, name: 'x' } })).status,
  ).toBe(403)
})

test('[ACC-33] a body that is not what it should be is refused, naming the field', async () => {
  const server = await testServer()
  const post = (body: string) => server.inWorkspace('/access-token', { method: 'POST', body })
  expect((await post('{')).status).toBe(400)
  const answer = await post(JSON.stringify({ session: 'x' }))
  expect(answer.status).toBe(422)
  expect(await answer.json()).toMatchObject({ errors: [expect.stringContaining('session')] })
  expect((await server.api(`/api/v1/workspaces/${createId()}/files`)).status).toBe(404)
  expect((await server.api('/api/nothing')).status).toBe(404)
})

test('[ACC-33] a body larger than any may be is refused, with and without a length', async () => {
  const server = await testServer({ flags: { maxMessageBytes: 10_000 } })
  const big = JSON.stringify({ session: createId(), name: 'x'.repeat(20_000) })
  const stream = new ReadableStream({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode(big))
      controller.close()
    },
  })
  expect((await server.inWorkspace('/access-token', { method: 'POST', body: big })).status).toBe(413)
  expect((await server.inWorkspace('/access-token', { method: 'POST', body: stream, duplex: 'half' })).status).toBe(413)
})

test('[ACC-31] off loopback the server starts only with --insecure', async () => {
  await expect(testServer({ flags: { host: '0.0.0.0' } })).rejects.toMatchObject({
    code: 'config-invalid',
    message: expect.stringContaining('--insecure'),
  })
  const server = await testServer({ flags: { host: '0.0.0.0', insecure: true } })
  expect((await fetch(`http://127.0.0.1:${server.port}/api/health`)).status).toBe(200)
})

test('[OPS-11] a busy port is said in one sentence', async () => {
  const server = await testServer()
  await expect(testServer({ flags: { port: server.port } })).rejects.toMatchObject({
    code: 'port-busy',
    message: expect.stringContaining(String(server.port)),
  })
})

test('[ACC-21] a key makes a link that signs one browser in, once, and that a new key withdraws', async () => {
  const server = await testServer()
  const link = (headers: Record<string, string>) =>
    fetch(`${server.url}/api/v1/session/link`, { method: 'POST', headers })
  const made = await link({ authorization: `Bearer ${server.ownerKey}` })
  expect(made.status).toBe(201)
  const { token } = SignInLink.parse(await made.json())
  const opened = await signIn(server, token)
  expect(opened.status).toBe(201)
  expect((await signIn(server, token)).status).toBe(401)
  // Whoever is signed in by a link makes no further ones.
  expect((await link({ cookie: cookieOf(opened), origin: server.url })).status).toBe(403)
  expect((await link({})).status).toBe(401)
})
