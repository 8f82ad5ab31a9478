import { request } from 'node:http'
import { AuditPage, BulkPutAnswer, MemberList, createId, docPath, encodeBulkFrame } from '@tandem/shared'
import { expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { join, makeKey } from '../test-people.ts'
import { testServer, type TestServer } from '../test-server.ts'

/** A request whose body comes when it is told to. */
function slow(server: TestServer, method: string, route: string, body: string, headers: Record<string, string>) {
  const url = `${server.url}/api/v1/workspaces/${server.workspaceId}${route}`
  const sent = request(url, { method, headers: { ...headers, 'content-length': body.length } })
  const status = new Promise<number>((resolve, reject) => {
    sent.on('error', reject).on('response', (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
  })
  sent.flushHeaders()
  return { status, end: () => sent.end(body) }
}

/** Resolves once the server has let that request in: a key's first use is told. */
const isKnown = (server: TestServer, keyId: string) =>
  vi.waitUntil(
    async () => {
      const { entries } = AuditPage.parse(await (await server.inWorkspace('/audit')).json())
      return entries.some(({ action, object }) => action === 'key.use' && object === keyId)
    },
    { timeout: 10_000 },
  )

test('[ACC-41] who is removed while the body of a request is still coming changes nothing by it', async () => {
  const server = await testServer()
  const [anna, ben] = [await join(server, 'owner'), await join(server, 'viewer')]
  const key = await makeKey(anna, { role: 'owner', scopes: ['read', 'admin'] })
  const raise = JSON.stringify({ role: 'owner' })
  const patch = slow(server, 'PATCH', `/members/${ben.principal}`, raise, { authorization: `Bearer ${key.key}` })
  await isKnown(server, key.info.id)
  await server.inWorkspace(`/members/${anna.principal}`, { method: 'DELETE' })
  patch.end()
  expect(await patch.status).toBe(401)
  const { members } = MemberList.parse(await (await server.inWorkspace('/members')).json())
  expect(members.find(({ id }) => id === ben.principal)?.role).toBe('viewer')
})

test('[ACC-40] who is lowered while a file is still coming does not write it', async () => {
  const server = await testServer()
  const anna = await join(server, 'editor')
  const key = await makeKey(anna)
  const put = slow(server, 'PUT', '/files/a', 'x', { authorization: `Bearer ${key.key}`, 'if-none-match': '*' })
  await isKnown(server, key.info.id)
  const lower = { method: 'PATCH', body: JSON.stringify({ role: 'viewer' }) }
  await server.inWorkspace(`/members/${anna.principal}`, lower)
  put.end()
  expect(await put.status).toBe(403)
  expect((await server.inWorkspace('/files/a')).status).toBe(404)
})

test('[ACC-33] a file called bulk/put is bounded as any other request', async () => {
  const server = await testServer({ flags: { maxMessageBytes: 10_000 } })
  const put = await server.inWorkspace('/files/bulk/put', {
    method: 'PUT',
    body: 'x'.repeat(20_000),
    headers: { 'if-none-match': '*' },
  })
  expect([put.status, await put.json()]).toMatchObject([413, { detail: expect.stringContaining('request') }])
})

test('[ACC-40] a stream of documents ends for who is lowered while it comes', async () => {
  const server = await testServer()
  const anna = await join(server, 'editor')
  const frame = () => {
    const doc = new Y.Doc()
    doc.getText('content').insert(0, 'x')
    return encodeBulkFrame({ doc: docPath({ kind: 'file', fileId: createId() }), update: Y.encodeStateAsUpdate(doc) })
  }
  const pipe = new TransformStream<Uint8Array, Uint8Array>()
  const writer = pipe.writable.getWriter()
  const put = anna.inWorkspace('/bulk/put', { method: 'POST', body: pipe.readable, duplex: 'half' })
  const before = (await server.access()).workspace.seq
  await writer.write(frame())
  await vi.waitUntil(async () => (await server.access()).workspace.seq > before, { timeout: 10_000 })
  const lower = { method: 'PATCH', body: JSON.stringify({ role: 'viewer' }) }
  await server.inWorkspace(`/members/${anna.principal}`, lower)
  await writer.write(frame())
  await writer.close()
  const answer = BulkPutAnswer.parse(await (await put).json())
  expect(answer).toMatchObject({ created: 1, refused: [{ code: 'forbidden' }] })
})

test('[ACC-33] nobody sends much before they have said who they are', async () => {
  const server = await testServer()
  const much = JSON.stringify({ token: 'x'.repeat(100_000) })
  for (const route of ['/session', '/pairings', '/pairings/token']) {
    expect((await fetch(`${server.url}/api/v1${route}`, { method: 'POST', body: much })).status).toBe(413)
  }
  // A body is not even read of who may not come in.
  const headers = { authorization: 'Bearer tdm_wrong' }
  expect((await server.inWorkspace('/files/a', { method: 'PUT', body: much, headers })).status).toBe(401)
})
