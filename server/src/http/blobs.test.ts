import { createHash } from 'node:crypto'
import { BlobPutAnswer, BlobsMissingAnswer, blobPieceBytes, createId } from '@tandem/shared'
import { openFiles } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import { hashOf, some } from '../store/blobs.suite.ts'
import { join, makeKey, seenBy } from '../test-people.ts'
import { restOf } from '../test-rest.ts'
import { acknowledged, testClient, testServer, type TestServer } from '../test-server.ts'

const put = (server: TestServer, hash: string, bytes: Uint8Array, query: string) =>
  server.inWorkspace(`/blobs/${hash}?${query}`, { method: 'PUT', body: new Uint8Array(bytes) })
const missing = async (server: TestServer, ...hashes: string[]) => {
  const answer = await server.inWorkspace('/blobs/missing', { method: 'POST', body: JSON.stringify({ hashes }) })
  return BlobsMissingAnswer.parse(await answer.json()).missing
}
const bytesIn = async (answer: Response) => new Uint8Array(await answer.arrayBuffer())

test('[MIR-80] a blob is brought in pieces, goes on after a restart of the server, and is read whole or in part', async () => {
  const first = await testServer()
  const bytes = some(1_000)
  const [hash, other] = [hashOf(bytes), hashOf(some(10))]
  expect(await missing(first, hash, other)).toEqual([
    { hash, received: 0 },
    { hash: other, received: 0 },
  ])
  const begun = await put(first, hash, bytes.subarray(0, 400), 'offset=0&size=1000')
  expect(BlobPutAnswer.parse(await begun.json())).toEqual({ received: 400, complete: false })
  expect((await first.inWorkspace(`/blobs/${hash}`)).status).toBe(404)
  await first.end()

  const server = await testServer({ dataDir: first.dataDir, ownerKey: first.ownerKey })
  expect(await missing(server, hash)).toEqual([{ hash, received: 400 }])
  const done = await put(server, hash, bytes.subarray(400), 'offset=400&size=1000')
  expect(BlobPutAnswer.parse(await done.json())).toEqual({ received: 1_000, complete: true })
  expect(await missing(server, hash)).toEqual([])
  const read = (headers: Record<string, string>, method = 'GET') =>
    server.inWorkspace(`/blobs/${hash}`, { headers, method })
  const whole = await read({})
  expect(whole.headers.get('etag')).toBe(`"${hash}"`)
  expect(await bytesIn(whole)).toEqual(bytes)
  const head = await read({}, 'HEAD')
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '1000', ''])
  expect((await read({ 'if-none-match': `"${hash}"` })).status).toBe(304)
  for (const [range, from, to] of [
    ['bytes=100-199', 100, 200],
    ['bytes=990-', 990, 1_000],
    ['bytes=-5', 995, 1_000],
    ['bytes=999-5000', 999, 1_000],
  ] as const) {
    const part = await read({ range })
    expect(part.status, range).toBe(206)
    expect(part.headers.get('content-range')).toBe(`bytes ${from}-${to - 1}/1000`)
    expect(await bytesIn(part)).toEqual(bytes.slice(from, to))
  }
  const beyond = await read({ range: 'bytes=1000-' })
  expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */1000'])
  expect(await beyond.json()).toMatchObject({ code: 'range-invalid' })
  // Of another state of it, or in words that we do not know: the whole.
  for (const headers of [
    { range: 'bytes=5-', 'if-range': '"other"' },
    { range: 'bytes=1-2,5-6' },
    { range: 'lines=1-' },
  ])
    expect((await read(headers as Record<string, string>)).status).toBe(200)
})

test('[MIR-81] what does not fit its hash, or is larger than is allowed, is refused with a reason', async () => {
  const server = await testServer({ flags: { maxBlobBytes: 5_000_000 } })
  const bytes = some(100)
  const hash = hashOf(bytes)
  expect((await put(server, hash, some(100, 9), 'size=100')).status).toBe(422)
  expect(await missing(server, hash)).toEqual([{ hash, received: 0 }])
  const large = await put(server, hash, bytes, 'size=5000001')
  expect(large.status).toBe(413)
  expect(await large.json()).toMatchObject({ detail: expect.stringContaining('limit 5000000') })
  expect((await put(server, hash, some(blobPieceBytes + 1), 'size=5000000')).status).toBe(413)
  expect((await put(server, hash, bytes, 'size=50')).status).toBe(400)
  expect((await put(server, hash, bytes, '')).status).toBe(422)
  expect((await put(server, '..%2f..%2fmembers', bytes, 'size=100')).status).toBe(422)
  expect((await put(server, hash.toUpperCase(), bytes, 'size=100')).status).toBe(422)
  expect((await server.inWorkspace('/blobs/..%2fmeta')).status).toBe(422)
  expect(await missing(server, hash)).toEqual([{ hash, received: 0 }])
})

test('[MIR-84] a blob is inert in a browser; viewers read and do not bring, strangers do neither', async () => {
  const server = await testServer()
  const page = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
  const hash = hashOf(page)
  await put(server, hash, page, `size=${page.length}`)
  const read = await server.inWorkspace(`/blobs/${hash}`)
  expect(Object.fromEntries(read.headers)).toMatchObject({
    'content-type': 'application/octet-stream',
    'x-content-type-options': 'nosniff',
    'content-disposition': 'attachment',
    'content-security-policy': "default-src 'none'; sandbox",
  })
  const viewer = await join(server, 'viewer')
  expect((await viewer.inWorkspace(`/blobs/${hash}`)).status).toBe(200)
  expect(await missing(viewer, hash)).toEqual([])
  expect((await put(viewer, hashOf(some(3)), some(3), 'size=3')).status).toBe(403)
  const address = `${server.url}/api/v1/workspaces/${server.workspaceId}/blobs/${hash}`
  for (const method of ['GET', 'PUT']) expect((await fetch(address, { method })).status).toBe(401)
  const daemon = await server.access({ daemon: { id: createId(), name: 'laptop' } })
  const asDaemon = { authorization: `Bearer ${daemon.token}` }
  const bytes = some(3)
  const brought = await fetch(address.replace(hash, `${hashOf(bytes)}?size=3`), {
    method: 'PUT',
    body: bytes,
    headers: asDaemon,
  })
  expect(brought.status).toBe(200)
  expect((await fetch(address, { headers: asDaemon })).status).toBe(200)
})

const picture = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3)
const file = (server: TestServer, path: string, body?: Uint8Array | string, headers = {}) =>
  server.inWorkspace(
    `/files/${path}`,
    body === undefined ? {} : { method: 'PUT', body: new Uint8Array(Buffer.from(body)), headers },
  )
const made = { 'if-none-match': '*' }
const tag = (bytes: Uint8Array | string) => `"${createHash('sha256').update(bytes).digest('hex')}"`
type Listed = { files: { path: string; id: string; kind: string; size?: number; hash?: string }[] }
const list = async (server: TestServer) => ((await (await server.inWorkspace('/files')).json()) as Listed).files

test('[MIR-85] [S210] what is no text is created, read, replaced, moved and deleted over REST like a text', async () => {
  const server = await testServer()
  const rest = restOf(server)
  const created = await file(server, 'a.png', picture, made)
  expect([created.status, created.headers.get('etag')]).toEqual([201, tag(picture)])
  const [{ id } = { id: '' }] = await list(server)
  const hash = hashOf(picture)
  expect(await list(server)).toEqual([{ path: 'a.png', name: 'a.png', id, kind: 'blob', size: 8, hash }])
  const read = await file(server, 'a.png')
  expect([read.headers.get('etag'), read.headers.get('content-disposition')]).toEqual([tag(picture), 'attachment'])
  expect(await bytesIn(read)).toEqual(picture)
  expect((await file(server, 'a.png', picture, made)).status).toBe(412)
  expect((await file(server, 'a.png', some(9), { 'if-match': tag('x') })).status).toBe(412)
  const { version } = (await (await file(server, 'a.png', some(9), { 'if-match': tag(picture) })).json()) as {
    version: number
  }
  expect(await list(server)).toMatchObject([{ id, size: 9, hash: hashOf(some(9)) }])
  // How it was before is still there.
  expect(await bytesIn(await server.inWorkspace(`/versions/${version - 1}/files/a.png`))).toEqual(picture)
  const part = await server.inWorkspace(`/versions/head/files/a.png`, { headers: { range: 'bytes=8-' } })
  expect(await bytesIn(part)).toEqual(some(9).slice(8))
  await rest.move('a.png', 'b/c.png')
  expect(await bytesIn(await file(server, 'b/c.png'))).toEqual(some(9))
  await rest.remove('b/c.png')
  expect((await file(server, 'b/c.png')).status).toBe(404)
})

test('[MIR-85] [MIR-62] a text that becomes a picture ends, and a blob begins; and back', async () => {
  const server = await testServer({ flags: { maxTextBytes: 100 } })
  await file(server, 'a', 'one\n', made)
  const before = await list(server)
  const replaced = await file(server, 'a', picture, { 'if-match': tag('one\n') })
  expect([replaced.status, replaced.headers.get('etag')]).toEqual([200, tag(picture)])
  const blob = await list(server)
  expect(blob).toMatchObject([{ path: 'a', kind: 'blob', size: 8 }])
  expect(blob[0]?.id).not.toBe(before[0]?.id)
  // Text that is too large for a document stays a blob where it was one.
  await file(server, 'a', 'x'.repeat(101), { 'if-match': tag(picture) })
  expect(await list(server)).toMatchObject([{ id: blob[0]?.id, kind: 'blob', size: 101 }])
  expect((await file(server, 'a', 'two\n', { 'if-match': tag('x'.repeat(101)) })).status).toBe(200)
  expect(await list(server)).toMatchObject([{ path: 'a', kind: 'text', size: 4 }])
  expect(await (await file(server, 'a')).text()).toBe('two\n')
})

test('[MIR-85] a file whose bytes are not on the server says why', async () => {
  const server = await testServer()
  const index = await (await testClient(server)).open({ kind: 'files' })
  const files = openFiles(index.doc)
  const facts = { size: 1, exec: false, eol: 'lf', bom: false } as const
  files.create('way.png', 'blob', { ...facts, blob: hashOf(picture) })
  files.create('evil.png', 'blob', { ...facts, blob: '../../../meta' })
  files.create('large.iso', 'blob', { ...facts, withheld: 'too large' })
  await acknowledged(index.provider)
  const why = async (path: string) => {
    const answer = await file(server, path)
    return [answer.status, ((await answer.json()) as { detail: string }).detail]
  }
  expect(await why('way.png')).toEqual([404, expect.stringContaining('has not come to the server yet')])
  expect(await why('evil.png')).toEqual([404, expect.stringContaining('has not come to the server yet')])
  expect(await why('large.iso')).toEqual([404, expect.stringContaining('the content of this blob is not shared')])
  expect((await file(server, 'large.iso', picture, { 'if-match': '*' })).status).toBe(409)
  await put(server, hashOf(picture), picture, 'size=8')
  expect((await file(server, 'way.png')).status).toBe(200)
})

test('[TSK-207] [TSK-208] what a task left is brought by daemons and keys for daemons alone, and no more than there is room for', async () => {
  const server = await testServer({ flags: { maxOutputsBytes: 100 } })
  const [bytes, more] = [some(60), some(41)]
  const bring = (by: TestServer, which: Uint8Array) =>
    put(by, hashOf(which), which, `offset=0&size=${which.length}&of=task`)
  const others = [
    await join(server, 'editor'),
    await join(server, 'owner'),
    await makeKey(server, { scopes: ['read', 'files:write', 'tasks:write'] }),
    seenBy(server, { authorization: `Bearer ${(await server.access()).token}` }),
  ]
  for (const other of others) expect((await bring(other, bytes)).status).toBe(403)
  const { token } = await server.access({ daemon: { id: createId(), name: 'laptop' } })
  expect((await bring(seenBy(server, { authorization: `Bearer ${token}` }), bytes)).status).toBe(200)
  const full = await bring(server, more)
  expect([full.status, ((await full.json()) as { detail: string }).detail]).toEqual([
    413,
    expect.stringContaining('there is no room for more of what tasks leave'),
  ])
})
