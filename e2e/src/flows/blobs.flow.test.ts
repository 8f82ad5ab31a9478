import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { backoffMs, blobPieceBytes, isTandemError, systemClock, wait } from '@tandem/shared'
import { createBlobs } from '@tandem/daemon/blobs'
import { createHttp } from '@tandem/daemon/http'
import { testServer } from '@tandem/server/test-server'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { openLine } from '../harness/line.ts'
import { cleanUp, startTandem } from '../harness/tandem.ts'
import { until } from '../harness/until.ts'

afterEach(cleanUp)

const never = new AbortController().signal
const bytes = Uint8Array.from({ length: 3 * blobPieceBytes + 12_345 }, (_, i) => Math.imul(i, 2_654_435_761) >>> 21)
const blob = { hash: createHash('sha256').update(bytes).digest('hex'), size: bytes.length }

/** A daemon's way to the blobs of a real server, over a line that can be cut; `routes` collects what was asked for. */
async function blobsOverLine() {
  const server = await testServer()
  const line = await openLine(server.port)
  onTestFinished(line.close)
  const { token } = await server.access()
  const http = createHttp({
    origin: server.url,
    fetch: (route, init) => fetch(`http://127.0.0.1:${line.port}${route}`, init),
  })
  const routes: string[] = []
  const call = (route: string, init: RequestInit) => {
    routes.push(`${init.method ?? 'GET'} ${route}`)
    return http.call(`/api/v1/workspaces/${server.workspaceId}${route}`, token, init)
  }
  const persist = async <T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work()
      } catch (e) {
        if (isTandemError(e) && e.code !== 'offline') throw e
        await wait(systemClock, backoffMs(attempt, { baseMs: 20, maxMs: 200, fastAttempts: Infinity }), signal)
      }
    }
  }
  return { server, line, routes, blobs: createBlobs({ call, persist }) }
}

test('[MIR-80] a blob goes to the server through cuts, on where it ended, and not a second time', async () => {
  const { server, line, routes, blobs } = await blobsOverLine()
  const read: number[] = []
  await blobs.put(
    blob,
    async (offset, length) => {
      read.push(offset)
      if (offset > 0) {
        line.cut()
        void line.mend()
      }
      return bytes.subarray(offset, offset + length)
    },
    never,
  )
  expect(read).toEqual([0, 1, 2, 3].map((i) => i * blobPieceBytes))
  const there = await server.inWorkspace(`/blobs/${blob.hash}`)
  expect(
    createHash('sha256')
      .update(new Uint8Array(await there.arrayBuffer()))
      .digest('hex'),
  ).toBe(blob.hash)

  const small = { hash: createHash('sha256').update('a').digest('hex'), size: 1 }
  await blobs.put(small, async () => new TextEncoder().encode('a'), never)
  // What is there is not even read: from that the mirror knows that nobody lost it.
  routes.length = 0
  for (const there of [blob, small]) await blobs.put(there, () => Promise.reject(new Error('it is there')), never)
  expect(routes).toEqual(['POST /blobs/missing', 'POST /blobs/missing'])
})

test('[MIR-80] a blob comes from the server through cuts, each byte once', async () => {
  const { line, routes, blobs } = await blobsOverLine()
  await blobs.put(blob, async (offset, length) => bytes.subarray(offset, offset + length), never)
  for (const from of [0, 1_000_000]) {
    const hash = createHash('sha256').update(bytes.subarray(0, from))
    const asked = routes.length
    let [at, cuts] = [from, 0]
    for await (const piece of blobs.get(blob.hash, from, never)) {
      hash.update(piece)
      at += piece.length
      // In the beginning of the first answer, and of the second.
      if (cuts === 2 || routes.length === asked + cuts) continue
      cuts += 1
      line.cut()
      void line.mend()
    }
    expect(routes.slice(asked)).toHaveLength(3)
    expect(at).toBe(blob.size)
    expect(hash.digest('hex')).toBe(blob.hash)
  }
})

test('[MIR-81] who sends a file that became shorter, or what is refused, hears so and does not try for ever', async () => {
  const { blobs } = await blobsOverLine()
  const refused = async (work: Promise<unknown>) => work.then(undefined, (e: unknown) => isTandemError(e) && e.code)
  const readUpTo = (end: number) => async (offset: number, length: number) =>
    bytes.subarray(offset, Math.min(end, offset + length))
  expect(await refused(blobs.put(blob, readUpTo(5_000_000), never))).toBe('conflict')
  const wrong = { hash: 'a'.repeat(64), size: 100 }
  expect(await refused(blobs.put(wrong, readUpTo(100), never))).toBe('validation-failed')
  expect(await refused(blobs.put({ ...wrong, size: 2 ** 40 }, readUpTo(100), never))).toBe('too-large')
  const get = async (from: number) => {
    for await (const _ of blobs.get(blob.hash, from, never)) break
  }
  expect(await refused(get(0))).toBe('not-found')
  await blobs.put(blob, readUpTo(bytes.length), never)
  expect(await refused(get(blob.size))).toBe('range-invalid')
})

test('[MIR-85] [MIR-86] a file that is no text, created, replaced, deleted and restored over REST, is so on disk each time', async () => {
  const tandem = await startTandem()
  const base = `/api/v1/workspaces/${tandem.ready.workspaceId}`
  const file = join(tandem.folder, 'a.bin')
  const content = () => (existsSync(file) ? readFileSync(file, 'latin1') : undefined)
  const ask = async (method: string, route: string, headers: Record<string, string>, body?: string) => {
    const answer = await tandem.api(`${base}${route}`, { method, headers, ...(body !== undefined && { body }) })
    expect(answer.ok, `${method} ${route}`).toBe(true)
    return ((await answer.json()) as { version: number }).version
  }
  const there = { 'if-match': '*' }
  await ask('PUT', '/files/a.bin', { 'if-none-match': '*' }, 'one\0')
  await until('the file is so', () => content() === 'one\0')
  const version = await ask('PUT', '/files/a.bin', there, 'two\0')
  await until('the file is so', () => content() === 'two\0')
  await ask('PUT', '/files/a.bin', there, 'text\n')
  await until('the file is so', () => content() === 'text\n')
  await ask('POST', '/restore', {}, JSON.stringify({ version }))
  await until('the file is so', () => content() === 'two\0')
  await ask('DELETE', '/files/a.bin', there)
  await until('the file is so', () => content() === undefined)
  await ask('POST', '/restore', {}, JSON.stringify({ version, paths: ['a.bin'] }))
  await until('the file is so', () => content() === 'two\0')
})
