import { createId, roles } from '@tandem/shared'
import { randomFrom } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { testServer, type TestServer } from '../test-server.ts'
import { exampleOf } from './docs/shape.ts'
import { OpenApi, type Operation } from './openapi.ts'

const seed = 20_261_121
const strange = [
  '',
  ' ',
  '.',
  '..',
  '../..',
  '%',
  '%00',
  '\0',
  '\u202e',
  'a'.repeat(5_000),
  '-1',
  '1e999',
  'null',
  '☃',
  '{}',
  '__proto__',
  'constructor',
]

/** Values that nobody expects, and those that somebody might, one key or character changed. */
function createNonsense() {
  const random = randomFrom(seed)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const scalar = (): unknown =>
    pick([
      pick(strange),
      random() * 1e6,
      -1,
      2 ** 60,
      Number.MAX_SAFE_INTEGER,
      true,
      null,
      createId(),
      pick(roles),
      '2026-11-21',
    ])
  const value = (depth = 3): unknown => {
    if (depth === 0 || random() < 0.5) return scalar()
    const parts = Array.from({ length: Math.floor(random() * 4) }, () => value(depth - 1))
    return random() < 0.5 ? parts : Object.fromEntries(parts.map((part) => [pick(strange), part]))
  }
  /** What the route describes, with something of it replaced. */
  const mutant = (schema: unknown): unknown => {
    const example = exampleOf(schema)
    if (typeof example !== 'object' || example === null) return value()
    const keys = Object.keys(example)
    return { ...example, [keys.length > 0 && random() < 0.8 ? pick(keys) : pick(strange)]: value() }
  }
  return { random, pick, value, mutant }
}

const operationsOf = async (server: TestServer) => {
  const { paths } = OpenApi.parse(await (await fetch(`${server.url}/api/openapi.json`)).json())
  return Object.entries(paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => ({ method, path, operation: operation as Operation })),
  )
}

test(
  '[S80] [S81] [OPS-34] nonsense at every route is answered with what is wrong, never with a defect, and nothing is written',
  { timeout: 60_000 },
  async () => {
    const flags = { requestsPerMinute: 1_000_000, failedSignInsPerMinute: 1_000_000, tasksPerMinute: 1_000_000 }
    const server = await testServer({ flags })
    const put = (path: string) =>
      server.inWorkspace(`/files/${path}`, { method: 'PUT', body: 'a', headers: { 'if-none-match': '*' } })
    await put('a')
    const { random, pick, value, mutant } = createNonsense()
    const head = async () => ((await (await server.inWorkspace('/status')).json()) as { version: number }).version

    const request = ({ method, path, operation }: Awaited<ReturnType<typeof operationsOf>>[number]) => {
      const route = path
        .replace('{ws}', random() < 0.9 ? server.workspaceId : encodeURIComponent(pick(strange)))
        .replaceAll(/\{\w+\}/g, () => encodeURIComponent(pick([...strange, createId(), 'a', '1', 'head'])))
      const query = operation.parameters
        .filter((p) => p.in === 'query' && random() < 0.6)
        .map((p) => `${p.name}=${encodeURIComponent(String(random() < 0.4 ? exampleOf(p.schema, p.name) : value(0)))}`)
      const content = operation.requestBody?.content ?? {}
      const schema = content['application/json']?.schema
      const json = random() < 0.2 ? value() : mutant(schema)
      // Nobody is there to run it.
      if (path.endsWith('/execute') && typeof json === 'object' && json) Object.assign(json, { waitMs: 0 })
      const body = random() < 0.1 ? '{"a":' : random() < 0.1 ? new Uint8Array([255, 0, 1, 2]) : JSON.stringify(json)
      const headers = random() < 0.3 ? { 'if-match': pick(['"x"', 'W/"x"', ',', '""']) } : {}
      return {
        address: `${route}${query.length > 0 ? `?${query.join('&')}` : ''}`,
        init: { method: method.toUpperCase(), headers, ...(method !== 'get' && { body: body ?? '' }) },
      }
    }

    let refused = 0
    for (const each of await operationsOf(server)) {
      const before = await head()
      let allRefused = true
      for (let i = 0; i < 5; i++) {
        const { address, init } = request(each)
        const stop = new AbortController()
        const answer = await server.api(address, { ...init, signal: stop.signal })
        const what = `${init.method} ${address.slice(0, 200)} ${String('body' in init ? init.body : '').slice(0, 300)}`
        // Two dots lead to the page, which answers every address that is nobody else's.
        if (!/^\/(api|files?|execute)\b/.test(new URL(answer.url).pathname)) continue
        expect(answer.status, what).toBeLessThan(500)
        if (answer.status >= 400) {
          refused++
          expect(answer.headers.get('content-type'), what).toBe('application/problem+json')
          expect(await answer.json(), what).toMatchObject({ code: expect.any(String), detail: expect.any(String) })
        } else allRefused = false
        stop.abort()
      }
      if (allRefused) expect(await head(), each.path).toBe(before)
    }
    expect(refused).toBeGreaterThan(120)
    expect((await put('alive')).status).toBe(201)
  },
)
