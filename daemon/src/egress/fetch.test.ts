import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fakeClock } from '@tandem/shared/testing'
import { afterEach, expect, test } from 'vitest'
import type { EgressEntry } from './entry.ts'
import { createFetch, type Fetched, type Fetcher } from './fetch.ts'
import type { Reach, Resolve } from './guard.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A server on this machine, known as `origin.example` to those whom the test lets reach it. */
async function serve(answer: RequestListener): Promise<number> {
  const server = createServer(answer)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  closing.push(
    () => server.closeAllConnections(),
    () => server.close(),
  )
  return (server.address() as AddressInfo).port
}

const resolve: Resolve = async (name) => (name.endsWith('.example') ? ['127.0.0.1'] : [])

function open(port: number, changes: Partial<Reach> = {}, given: { resolve?: Resolve } = {}) {
  const recorded: EgressEntry[] = []
  const clock = fakeClock(1_000)
  const fetcher = createFetch({
    reach: {
      allow: [`http://origin.example:${port}/`],
      deny: [],
      methods: ['GET', 'HEAD', 'OPTIONS'],
      allowPrivate: ['*.example'],
      ports: [80, 443],
      ...changes,
    },
    clock,
    record: (entry) => recorded.push(entry),
    resolve: given.resolve ?? resolve,
  })
  closing.push(fetcher.close)
  return { fetcher, recorded, clock, at: (path: string) => `http://origin.example:${port}${path}` }
}

const answerOf = (fetched: Fetched) => {
  if ('problem' in fetched) throw new Error(fetched.problem.message)
  return fetched.answer
}
const textOf = (fetched: Fetched) => Buffer.from(answerOf(fetched).body).toString()
const codeOf = (fetched: Fetched) => ('problem' in fetched ? fetched.problem.code : fetched.answer.status)

test('[S226] [S229] [S230] get, head and fetch answer, and what was asked for is logged, without its query', async () => {
  const port = await serve((asked, answer) => {
    answer
      .setHeader('x-method', asked.method ?? '')
      .end(`hello ${String(asked.headers['x-mine'])} ${asked.headers.host}`)
  })
  const { fetcher, recorded, at } = open(port)
  const got = await fetcher.get(at('/a?secret=1'))
  expect(answerOf(got)).toMatchObject({ status: 200, statusText: 'OK', url: at('/a?secret=1'), truncated: false })
  expect(answerOf(await fetcher.head(at('/b'))).headers['x-method']).toBe('HEAD')
  const headers = { 'x-mine': 'yes', host: 'other.example' }
  expect(textOf(await fetcher.fetch({ url: at('/c'), method: 'get', headers }))).toBe(
    `hello yes origin.example:${port}`,
  )
  expect(fetcher.getLog()).toEqual([
    {
      at: 1_000,
      method: 'GET',
      url: at('/a'),
      durationMs: 0,
      sentBytes: 0,
      receivedBytes: expect.any(Number),
      status: 200,
    },
    expect.objectContaining({ method: 'HEAD', url: at('/b'), status: 200 }),
    expect.objectContaining({ method: 'GET', url: at('/c'), status: 200 }),
  ])
  expect(recorded).toEqual(fetcher.getLog())
  fetcher.clearLog()
  expect(fetcher.getLog()).toEqual([])
  expect(fetcher.getConfig()).toEqual({
    allow: [`http://origin.example:${port}/`],
    methods: ['GET', 'HEAD', 'OPTIONS'],
    maxBytes: 1_048_576,
    timeoutMs: 30_000,
  })
})

test('[S228] [S232] what is refused never leaves, and says why by the founding codes', async () => {
  let asked = 0
  const port = await serve((_, answer) => void answer.end(String(asked++)))
  const { fetcher, recorded, at } = open(port)
  const codes = async (url: string, method?: string) => codeOf(await fetcher.fetch({ url, method }))
  expect(await codes(at('/'), 'POST')).toBe('METHOD_NOT_ALLOWED')
  expect(await codes(`http://else.example:${port}/`)).toBe('URL_NOT_ALLOWED')
  expect(await codes(`http://127.0.0.1:${port}/`)).toBe('URL_NOT_ALLOWED')
  expect(await codes('not a URL')).toBe('URL_NOT_ALLOWED')
  expect(await codes('file:///etc/passwd')).toBe('URL_NOT_ALLOWED')
  expect(asked).toBe(0)
  expect(recorded.map(({ code }) => code)).toEqual([
    'METHOD_NOT_ALLOWED',
    ...Array.from({ length: 4 }, () => 'URL_NOT_ALLOWED'),
  ])
  expect(await codes('http://origin.example:1/')).toBe('URL_NOT_ALLOWED')
  const gone = createServer()
  await new Promise<void>((done) => gone.listen(0, '127.0.0.1', done))
  const nobody = open((gone.address() as AddressInfo).port)
  await new Promise((done) => gone.close(done))
  expect(await nobody.fetcher.get(nobody.at('/'))).toEqual({
    problem: { code: 'FETCH_FAILED', message: expect.stringContaining('ECONNREFUSED') },
  })
})

test('[S227] [SBX-265] each redirect is judged like the first URL, and what is meant for one host is not shown to another', async () => {
  const seen: (string | undefined)[] = []
  const port = await serve(({ url, headers, method }, answer) => {
    seen.push(headers.authorization)
    const to = URL.parse(url ?? '', 'http://x')?.searchParams.get('to')
    if (to) answer.writeHead(302, { location: to }).end()
    else answer.end(`${method} arrived`)
  })
  const { fetcher, at } = open(port, { allow: [`http://origin.example:${port}/`, `http://other.example:${port}/yes/`] })
  const to = (target: string) =>
    fetcher.fetch({ url: at(`/?to=${encodeURIComponent(target)}`), headers: { authorization: 'mine' } })
  expect(textOf(await to('/here'))).toBe('GET arrived')
  expect(seen).toEqual(['mine', 'mine'])
  seen.length = 0
  expect(answerOf(await to(`http://other.example:${port}/yes/x`)).url).toBe(`http://other.example:${port}/yes/x`)
  expect(seen).toEqual(['mine', undefined])
  for (const target of [
    `http://other.example:${port}/no`,
    `http://third.example:${port}/`,
    `http://127.0.0.1:${port}/`,
    `http://0x7f000001:${port}/`,
    `http://[::ffff:127.0.0.1]:${port}/`,
    'http://169.254.169.254/latest/meta-data/',
    'file:///etc/passwd',
    '//third.example/',
    'http://',
  ])
    expect(codeOf(await to(target)), target).toBe('URL_NOT_ALLOWED')
  const loop = await serve((_, answer) => void answer.writeHead(307, { location: '/' }).end())
  const looping = open(loop)
  expect(await looping.fetcher.get(looping.at('/'))).toEqual({
    problem: { code: 'FETCH_FAILED', message: 'it was redirected more than 10 times' },
  })
})

test('[SBX-47] [SBX-263] a name is resolved once for a connection, and one that leads here is refused', async () => {
  let asked = 0
  const port = await serve((_, answer) => void answer.end(String(asked++)))
  const answers = [['127.0.0.1'], ['8.8.8.8']]
  const rebinding = open(port, { allowPrivate: [] }, { resolve: async () => answers.shift() ?? [] })
  expect(await rebinding.fetcher.get(rebinding.at('/'))).toEqual({
    problem: { code: 'URL_NOT_ALLOWED', message: 'origin.example leads to an address of this machine or its network' },
  })
  expect(answers).toHaveLength(1)
  expect(asked).toBe(0)
  const literal = open(port, { allow: [`http://127.0.0.1:${port}/`], allowPrivate: [] })
  expect(codeOf(await literal.fetcher.get(`http://127.0.0.1:${port}/`))).toBe('URL_NOT_ALLOWED')
  const meant = open(port, { allow: [`http://127.0.0.1:${port}/`], allowPrivate: ['127.0.0.0/8'] })
  expect(codeOf(await meant.fetcher.get(`http://127.0.0.1:${port}/`))).toBe(200)
})

test('[S231] an answer beyond 1 MB is cut there and says so, however it is packed', async () => {
  const port = await serve((asked, answer) => {
    if (asked.url === '/exact') return void answer.end(Buffer.alloc(2 ** 20))
    // Without an end: who waits for all of it waits for ever.
    const more = () => {
      while (answer.write(Buffer.alloc(65_536, 'a')));
      answer.once('drain', more)
    }
    more()
  })
  const { fetcher, at } = open(port)
  const exact = answerOf(await fetcher.get(at('/exact')))
  expect([exact.body.length, exact.truncated]).toEqual([2 ** 20, false])
  const endless = answerOf(await fetcher.get(at('/endless')))
  expect([endless.body.length, endless.truncated]).toEqual([2 ** 20, true])
})

test('[S232] an answer that does not come is given up in time, and so is one nobody wants any more', async () => {
  const arrived = Promise.withResolvers<void>()
  const port = await serve(() => arrived.resolve())
  const { fetcher, at, clock } = open(port)
  const waiting = fetcher.get(at('/'))
  await arrived.promise
  clock.advance(30_000)
  expect(await waiting).toEqual({ problem: { code: 'FETCH_FAILED', message: 'it took longer than 30 s' } })
  expect(await fetcher.get(at('/'), AbortSignal.abort(new Error('cancelled')))).toEqual({
    problem: { code: 'FETCH_FAILED', message: 'cancelled' },
  })
})

test('[SBX-266] a log that is never cleared keeps the newest thousand', async () => {
  const { fetcher } = open(1)
  const ask = async (fetcher: Fetcher, count: number) => {
    for (let i = 0; i < count; i++) await fetcher.get(`http://refused.example/${i}`)
  }
  await ask(fetcher, 1_002)
  expect(fetcher.getLog()).toHaveLength(1_000)
  expect(fetcher.getLog().at(-1)?.url).toBe('http://refused.example/1001')
})
