import { createId, type Id } from '@tandem/shared'
import { expect, test, vi } from 'vitest'
import { testClient, testServer, type TestServer } from '../test-server.ts'

/** Asks over the caller's own requests document, as a program without Yjs would. */
async function asker(server: TestServer, as: { token?: () => Promise<string> } = {}) {
  const session = createId()
  const client = await testClient(server, { session, ...as })
  const principal: Id = client.claims.principal
  const { provider, stateless } = await client.open({ kind: 'requests', principal, session })
  let n = 0
  const ask = async (message: object) => {
    const mine = ++n
    provider.sendStateless(JSON.stringify({ n: mine, ...message }))
    return vi.waitUntil(() => stateless.find((m) => (m as { n?: number }).n === mine) as Record<string, unknown>, {
      timeout: 5_000,
      interval: 5,
    })
  }
  return { ask, provider, stateless, closes: client.closes }
}

test('[S83] files are written, read and listed over the socket by the same rules as over REST', async () => {
  const server = await testServer()
  const { ask } = await asker(server)
  const made = await ask({ t: 'write-file', path: 'src/a.ts', content: 'one\n', ifNoneMatch: '*' })
  expect(made).toMatchObject({ t: 'written', created: true, version: expect.any(Number), etag: expect.any(String) })
  expect(await (await server.inWorkspace('/files/src/a.ts')).text()).toBe('one\n')
  const read = await ask({ t: 'read-file', path: 'src/a.ts' })
  expect(read).toMatchObject({ t: 'file', content: 'one\n', etag: made['etag'] })
  const write = { t: 'write-file', path: 'src/a.ts', content: 'two\n' }
  expect(await ask(write)).toMatchObject({ t: 'error', code: 'precondition-required' })
  expect(await ask({ ...write, ifMatch: '"other"' })).toMatchObject({ t: 'error', code: 'precondition-failed' })
  expect(await ask({ ...write, ifMatch: read['etag'] })).toMatchObject({ t: 'written', created: false })
  expect(await ask({ t: 'list-files', prefix: 'src' })).toMatchObject({ t: 'files', files: [{ path: 'src/a.ts' }] })
  const several = await ask({ t: 'get-files', paths: ['src/a.ts', 'gone', '../x'] })
  expect(several['files']).toMatchObject([
    { path: 'src/a.ts', content: 'two\n' },
    { path: 'gone', code: 'not-found' },
    { path: '../x', code: 'path-outside-workspace' },
  ])
})

test('[S83] [S70] what is no message of ours is answered with what is wrong, and protected paths stay so', async () => {
  const server = await testServer()
  const { ask, provider, stateless, closes } = await asker(server)
  for (const raw of ['nonsense', '{"t":"read-file"}', '{"t":"drop-everything","n":1}']) provider.sendStateless(raw)
  await vi.waitFor(() => expect(stateless).toHaveLength(3))
  for (const said of stateless) expect(said).toMatchObject({ t: 'error', code: 'validation-failed' })
  const secret = { t: 'write-file', path: '.git/config', content: 'x', ifNoneMatch: '*' }
  expect(await ask(secret)).toMatchObject({ t: 'error', code: 'path-protected' })
  expect(closes).toEqual([])
})

test('[S83] [ACC-1] who may not write files does not write them this way either', async () => {
  const server = await testServer()
  const made = await server.inWorkspace('/keys', {
    method: 'POST',
    body: JSON.stringify({ name: 'reader', role: 'viewer', scopes: ['read'] }),
  })
  const { key } = (await made.json()) as { key: string }
  const session = createId()
  const answer = await server.inWorkspace('/access-token', {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ session }),
  })
  const { token, claims } = (await answer.json()) as { token: string; claims: { principal: Id; role: string } }
  expect(claims.role).toBe('viewer')
  const client = await testClient(server, { token: async () => token })
  const { provider, stateless } = await client.open({ kind: 'requests', principal: claims.principal, session })
  provider.sendStateless(JSON.stringify({ t: 'write-file', n: 1, path: 'a', content: 'x', ifNoneMatch: '*' }))
  await vi.waitFor(() => expect(stateless).toMatchObject([{ n: 1, t: 'error', code: 'forbidden' }]))
  expect(((await (await server.inWorkspace('/files')).json()) as { files: unknown[] }).files).toEqual([])
})
