import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttp, request, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock } from '@tandem/shared/testing'
import { afterEach, expect, test } from 'vitest'
import type { EgressEntry } from './entry.ts'
import { createGuard, type Reach, type Resolve } from './guard.ts'
import { createProxy } from './proxy.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

type Answering = (...asked: Parameters<RequestListener>) => void | Promise<void>

async function serve(answer: Answering): Promise<number> {
  const server = createHttp((...asked) => void answer(...asked))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  closing.push(
    () => server.closeAllConnections(),
    () => server.close(),
  )
  return (server.address() as AddressInfo).port
}

/** A server that takes bytes as they come and says which. */
async function serveRaw(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer(onSocket)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  closing.push(() => server.close())
  return (server.address() as AddressInfo).port
}

const here: Resolve = async (name) => (name.endsWith('.example') ? ['127.0.0.1'] : [])

async function open(changes: Partial<Reach> = {}, resolve = here) {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-proxy-'))
  const socket = join(folder, 's')
  const entries: EgressEntry[] = []
  const reach: Reach = {
    allow: [],
    deny: [],
    methods: 'any',
    allowPrivate: ['*.example'],
    ports: [80, 443],
    ...changes,
  }
  const proxy = createProxy({
    guard: createGuard(reach, resolve),
    clock: fakeClock(5),
    record: (entry) => entries.push(entry),
  })
  await proxy.listen(socket)
  closing.push(proxy.close, () => rmSync(folder, { recursive: true }))
  /** What comes of these bytes, until the proxy has nothing more to say. */
  const says = (bytes: string, { keep = false } = {}) =>
    new Promise<string>((done) => {
      let text = ''
      const client = connect(socket, () => (keep ? client.write(bytes) : client.end(bytes)))
      client.on('data', (chunk) => (text += chunk.toString('latin1')))
      client.on('error', () => {})
      client.on('close', () => done(text))
    })
  const ask = (url: string, more: { method?: string; headers?: Record<string, string>; body?: string } = {}) =>
    new Promise<{ status: number; headers: IncomingHttpHeaders; text: string }>((done, fail) => {
      const asking = request({
        socketPath: socket,
        path: url,
        method: more.method ?? 'GET',
        headers: { host: 'x', ...more.headers },
      })
      asking.on('error', fail)
      asking.on('response', (response) => {
        let text = ''
        response.on('data', (chunk) => (text += String(chunk)))
        response.on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, text }))
      })
      asking.end(more.body)
    })
  return { proxy, socket, entries, says, ask }
}

test('[SBX-262] what a granted host is asked for reaches it as it was understood, and comes back', async () => {
  const seen: IncomingHttpHeaders[] = []
  const port = await serve(async (asked, answer) => {
    seen.push(asked.headers)
    let body = ''
    for await (const chunk of asked) body += String(chunk)
    answer
      .writeHead(201, { 'x-answer': 'yes', 'proxy-authenticate': 'Basic', 'set-cookie': ['a=1', 'b=2'] })
      .end(`${asked.method} ${asked.url} ${body}`)
  })
  const { ask, entries } = await open({ allow: [`web.example:${port}`] })
  const url = `http://web.example:${port}/p?q=1`
  const answer = await ask(url, {
    method: 'POST',
    body: 'abc',
    headers: {
      host: 'inner.example',
      'proxy-authorization': 'secret',
      connection: 'x-mine',
      'x-mine': '1',
      accept: 'text/*',
    },
  })
  expect(answer).toMatchObject({
    status: 201,
    text: 'POST /p?q=1 abc',
    headers: { 'x-answer': 'yes', 'set-cookie': ['a=1', 'b=2'] },
  })
  expect(answer.headers).not.toHaveProperty('proxy-authenticate')
  expect(seen[0]).toMatchObject({ host: `web.example:${port}`, accept: 'text/*' })
  for (const name of ['proxy-authorization', 'x-mine']) expect(seen[0]).not.toHaveProperty(name)
  expect(entries).toEqual([
    {
      at: 5,
      method: 'POST',
      url: `http://web.example:${port}/p`,
      status: 201,
      durationMs: 0,
      sentBytes: expect.any(Number),
      receivedBytes: 15,
    },
  ])
})

test('[SBX-37] [SBX-38] [SBX-260] this machine and its network are refused in every spelling, asked for and tunnelled to', async () => {
  let reached = 0
  const port = await serve((_, answer) => void answer.end(String(reached++)))
  // oxfmt-ignore
  const hosts = [
    '127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '0', '0.0.0.0', '127.0.0.1.', '[::1]', '[::]', '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]', '[::127.0.0.1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]', '169.254.169.254', '10.0.0.1', '192.168.1.1', '100.64.0.1',
    'localhost', 'LOCALHOST.', '[fe80::1]',
  ]
  // Granted by name, as it stands and as it is meant: what they lead to is refused all the same.
  const allow = hosts.flatMap((host) => [`${host}:${port}`, `${URL.parse(`http://${host}/`)?.hostname}:${port}`])
  const { ask, says, proxy } = await open({ allow, allowPrivate: [] }, async () => ['127.0.0.1', '::1'])
  for (const host of hosts) {
    expect((await ask(`http://${host}:${port}/`)).status, host).toBe(403)
    expect(await says(`CONNECT ${host}:${port} HTTP/1.1\r\nhost: x\r\n\r\n`), host).toMatch(/^HTTP\/1\.1 403 /)
  }
  expect(reached).toBe(0)
  expect(proxy.refused()).toContain(`127.0.0.1:${port}`)
})

test('[SBX-40] [SBX-47] a name that is not granted is not even resolved; a granted one that leads here is refused', async () => {
  const resolved: string[] = []
  const port = await serve((_, answer) => void answer.end())
  const { ask, says, entries } = await open({ allow: [`granted.example:${port}`], allowPrivate: [] }, async (name) => {
    resolved.push(name)
    return ['127.0.0.1']
  })
  expect((await ask('http://c2VjcmV0.evil.example/')).status).toBe(403)
  expect(await says('CONNECT c2VjcmV0.evil.example:443 HTTP/1.1\r\nhost: x\r\n\r\n')).toMatch(/^HTTP\/1\.1 403 /)
  expect(resolved).toEqual([])
  expect(await ask(`http://granted.example:${port}/`)).toMatchObject({
    status: 403,
    text: expect.stringContaining('leads to an address of this machine'),
  })
  expect(await says(`CONNECT granted.example:${port} HTTP/1.1\r\nhost: x\r\n\r\n`)).toMatch(/^HTTP\/1\.1 403 /)
  expect(resolved).toEqual(['granted.example', 'granted.example'])
  expect(entries.map(({ code }) => code)).toEqual(Array.from({ length: 4 }, () => 'URL_NOT_ALLOWED'))
})

test('[SBX-262] a tunnel carries bytes both ways to the very end, and is counted', async () => {
  const port = await serveRaw((socket) => {
    socket.on('error', () => {})
    socket.once('data', (bytes) => socket.end(`heard ${bytes.toString()}${'.'.repeat(300_000)}the end`))
  })
  const { says, entries } = await open({ allow: [`tls.example:${port}`] })
  const text = await says(`CONNECT tls.example:${port} HTTP/1.1\r\nhost: x\r\n\r\nfirst words`, { keep: true })
  expect(text).toMatch(/^HTTP\/1\.1 200 Connection established\r\n\r\nheard first words\.+the end$/)
  expect(entries).toEqual([
    {
      at: 5,
      method: 'CONNECT',
      url: `tls.example:${port}`,
      status: 200,
      durationMs: 0,
      sentBytes: 11,
      receivedBytes: 300_024,
    },
  ])
  expect(await says('CONNECT tls.example:25 HTTP/1.1\r\nhost: x\r\n\r\n')).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
  expect(await says('CONNECT tls.example HTTP/1.1\r\nhost: x\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
})

test('[SBX-267] a request that can be read in two ways is refused, and what is handed on has one reading', async () => {
  let received = ''
  const port = await serveRaw((socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1')
      if (received.endsWith('\r\n0\r\n\r\n')) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
    })
  })
  const { says } = await open({ allow: [`web.example:${port}`] })
  const to = `http://web.example:${port}/`
  const smuggled = `GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n`
  for (const head of [
    'content-length: 5\r\ntransfer-encoding: chunked',
    'content-length: 5\r\ncontent-length: 6',
    'transfer-encoding: chunked, identity',
    'transfer-encoding : chunked',
    'transfer-encoding: \x0bchunked',
    'content-length: +5',
    'x: a\rcontent-length: 5',
    ' folded: 1',
  ]) {
    expect(await says(`POST ${to} HTTP/1.1\r\nhost: x\r\n${head}\r\n\r\n0\r\n\r\n${smuggled}`), head).toMatch(
      /^HTTP\/1\.1 400 /,
    )
  }
  expect(received).toBe('')
  // The body of a GET is said to be one, and what it holds stays in it.
  const chunk = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`
  const bytes = `GET ${to} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n${chunk}`
  expect(await says(bytes, { keep: true })).toMatch(/^HTTP\/1\.1 200 /)
  expect(received).toMatch(/^GET \/ HTTP\/1\.1\r\n/)
  expect(received).toMatch(/transfer-encoding: chunked\r\n/i)
  expect(received.endsWith(chunk)).toBe(true)
})

test('[SBX-262] only a proxy is here: other forms of asking, other schemes and other hosts are refused in words', async () => {
  const { ask, says, proxy } = await open({ allow: ['web.example'] })
  for (const url of ['/', '*', 'https://web.example/', 'ftp://web.example/', 'web.example:80'])
    expect((await ask(url)).status, url).toBe(400)
  const refused = await ask('http://other.example/x')
  expect(refused).toMatchObject({ status: 403, text: 'Tandem: http://other.example/x is not allowed.\n' })
  expect(refused.headers['x-tandem-refused']).toBe('http://other.example/x is not allowed')
  expect(proxy.refused()).toEqual(['other.example'])
  expect(await says('no http at all\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
})

test('[SBX-266] what was refused is told for the first thousand times, and goes on being refused', async () => {
  const { says, entries } = await open()
  const one = 'GET http://a.example/ HTTP/1.0\r\n\r\n'
  for (let i = 0; i < 1_003; i++) expect(await says(one)).toMatch(/^HTTP\/1\.1 403 /)
  expect(entries).toHaveLength(1_000)
})

test('[SBX-262] closing it ends what goes through it', async () => {
  const opened = Promise.withResolvers<Socket>()
  const port = await serveRaw(opened.resolve)
  const { proxy, says } = await open({ allow: [`tls.example:${port}`] })
  const ended = says(`CONNECT tls.example:${port} HTTP/1.1\r\nhost: x\r\n\r\n`, { keep: true })
  const far = await opened.promise
  const farEnded = new Promise((done) => far.once('close', done).resume())
  await proxy.close()
  await Promise.all([ended, farEnded])
})
