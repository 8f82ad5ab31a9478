import { createHash } from 'node:crypto'
import type { Id, TaskOutput } from '@tandem/shared'
import { note, readLogSegment, stderr, stdout, writeLogLine, type LogChunk } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import { playDaemon } from '../test-daemon.ts'
import { post } from '../test-people.ts'
import { testServer, type TestServer } from '../test-server.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
/** Chunks one after the other, numbered as a daemon numbers them. */
const chunksOf = (...texts: readonly (readonly [LogChunk['s'], string])[]): LogChunk[] => {
  let o = 0
  return texts.map(([s, text], q) => {
    const chunk = { q, o, t: q * 10, s, d: new Uint8Array(bytes(text)) }
    if (s !== note) o += chunk.d.length
    return chunk
  })
}

async function setUp() {
  const server = await testServer()
  const daemon = await playDaemon(server, 'one')
  const keep = async (content: Uint8Array): Promise<string> => {
    const hash = createHash('sha256').update(content).digest('hex')
    const route = `/blobs/${hash}?offset=0&size=${content.length}&of=task`
    const answer = await server.inWorkspace(route, { method: 'PUT', body: new Uint8Array(content) })
    expect(await answer.json()).toEqual({ received: content.length, complete: true })
    return hash
  }
  const sealed = async (...segments: LogChunk[][]): Promise<TaskOutput> => {
    const own = segments.flat().filter(({ s }) => s !== note)
    const total = own.reduce((sum, { d }) => sum + d.length, 0)
    const lying = segments.map(async (chunks) => {
      const content = bytes(chunks.map(writeLogLine).join(''))
      return { blob: await keep(content), size: content.length, lines: chunks.length }
    })
    return { bytes: total, truncated: false, tail: 'tail', segments: await Promise.all(lying) }
  }
  const begin = async (title = 'Build it') => {
    const body = { title, payload: { kind: 'command', command: 'make' } }
    const task = (await (await server.inWorkspace('/tasks', post(body))).json()) as { id: Id }
    return { id: task.id, ...(await daemon.begin(task.id)) }
  }
  return { server, daemon, keep, sealed, begin }
}
const log = async (server: TestServer, task: Id, query = '') => {
  const answer = await server.inWorkspace(`/tasks/${task}/log${query}`)
  expect(answer.status).toBe(200)
  return { text: await answer.text(), said: (name: string) => answer.headers.get(name) }
}
const search = async (server: TestServer, task: Id, query: Record<string, string>) => {
  const answer = await server.inWorkspace(`/tasks/${task}/log/search?${new URLSearchParams(query).toString()}`)
  const said = (await answer.json()) as { matches: { text: string; q: number; o: number; at: number[] }[]; isComplete: boolean; next?: number; detail?: string } // prettier-ignore
  return { status: answer.status, ...said }
}

test('[TSK-108] a sealed output is read whole, in part, as text, in colour and as its chunks', async () => {
  const { server, sealed, begin } = await setUp()
  const task = await begin('Build it: über/alles')
  const chunks = chunksOf(
    [stdout, 'one \x1b[31mred\x1b[0m\n'],
    [stderr, 'a wind\x1b]0;title\x07ow\n'],
    [stdout, 'half of €: \n'],
    [note, '… a word of ours …\n'],
  )
  const euro = bytes('€')
  const halves = [0, 1].map((i) => ({ q: 4 + i, o: 40 + i, t: 5, s: stdout, d: new Uint8Array(euro.subarray(i, i ? 3 : 1)) })) as LogChunk[] // prettier-ignore
  await task.end('completed', { exitCode: 0, output: await sealed(chunks, halves) })
  const whole = await log(server, task.id)
  expect(whole.text).toBe('one red\na window\nhalf of €: \n… a word of ours …\n€')
  expect(whole.said('content-type')).toBe('text/plain; charset=utf-8')
  expect(whole.said('x-content-type-options')).toBe('nosniff')
  expect(whole.said('content-disposition')).toBe('inline; filename="Build-it-ber-alles.1.log"')
  expect([whole.said('tandem-log'), whole.said('tandem-missing'), whole.said('tandem-attempt')]).toEqual([
    'sealed',
    '0',
    '1',
  ])
  expect((await log(server, task.id, '?format=ansi&to=2')).text).toBe('one \x1b[31mred\x1b[0m\na window\n')
  const json = await log(server, task.id, '?format=json&from=1&to=4&attempt=1&download=true')
  expect(readLogSegment(bytes(json.text))).toEqual(chunks.slice(1))
  expect(json.said('content-disposition')).toMatch(/^attachment; .*\.ndjson"$/)
  expect((await log(server, task.id, '?attempt=2')).said('tandem-log')).toBe('none')
})

test('[TSK-108] of an attempt that runs the live window is read, and how much is not there is said', async () => {
  const { server, begin } = await setUp()
  const task = await begin()
  await task.write('x'.repeat(16_000), stdout, 80)
  const { text, said } = await log(server, task.id)
  expect(text).toMatch(/^x+$/)
  expect(said('tandem-log')).toBe('live')
  expect(text.length + Number(said('tandem-missing'))).toBe(80 * 16_000)
  expect(Number(said('tandem-missing'))).toBeGreaterThan(0)
})

test('[TSK-108] where only the last words of an output came, they are read, and what is missing is said', async () => {
  const { server, begin } = await setUp()
  const task = await begin()
  await task.end('failed', { exitCode: 1, output: { bytes: 5_000, truncated: false, tail: 'the end' } })
  const { text, said } = await log(server, task.id)
  expect([text, said('tandem-log'), said('tandem-missing')]).toEqual(['the end', 'tail', '4993'])
})

test('[TSK-109] lines are found by words and by patterns, without colours, whatever chunks they are cut into', async () => {
  const { server, sealed, begin } = await setUp()
  const task = await begin()
  const chunks = chunksOf(
    [stdout, 'first\nsecond li'],
    [stderr, 'an Err'],
    [stdout, 'ne with \x1b[1mer\x1b[0mror (42)\nthird'],
    [stderr, 'or\n'],
    [stdout, ' line, the last'],
    [note, 'error of ours'],
  )
  await task.end('completed', { exitCode: 0, output: await sealed(chunks.slice(0, 3), chunks.slice(3)) })
  const { matches, isComplete } = await search(server, task.id, { q: 'ERROR' })
  expect(matches.map(({ text, q, o, at }) => [text, q, o, text.slice(...(at as [number, number]))])).toEqual([
    ['second line with error (42)', 0, 6, 'error'],
    ['an Error', 1, 15, 'Error'],
  ])
  expect(isComplete).toBe(true)
  expect((await search(server, task.id, { q: 'error', matchCase: 'true' })).matches).toHaveLength(1)
  expect((await search(server, task.id, { q: '(42)' })).matches).toHaveLength(1)
  expect((await search(server, task.id, { q: '\\(\\d+\\)$', regex: 'true' })).matches).toHaveLength(1)
  expect((await search(server, task.id, { q: '^third.*last$', regex: 'true' })).matches[0]?.q).toBe(2)
  const one = await search(server, task.id, { q: 'e', limit: '1' })
  expect([one.matches.length, one.isComplete, one.next]).toEqual([1, false, 2])
  expect((await search(server, task.id, { q: 'last', from: '4' })).matches[0]?.text).toBe(' line, the last')
})

test('[TSK-109] a pattern that would never come to an end elsewhere is answered, and one that is none is refused', async () => {
  const { server, sealed, begin } = await setUp()
  const task = await begin()
  const long = Array.from({ length: 40 }, () => [stdout, `${'a'.repeat(8_000)}\n`] as const)
  await task.end('completed', { exitCode: 0, output: await sealed(chunksOf(...long)) })
  const { status, matches } = await search(server, task.id, { q: '^(a+)+$x', regex: 'true' })
  expect([status, matches]).toEqual([200, []])
  const found = await search(server, task.id, { q: 'a{3}$', regex: 'true' })
  expect(found.matches[0]?.text.length).toBeLessThan(1_000)
  for (const q of ['(', 'a(?=b)', '(a)\\1'])
    expect(await search(server, task.id, { q, regex: 'true' })).toMatchObject({ status: 422 })
  expect(await search(server, task.id, { q: '' })).toMatchObject({ status: 422 })
})

test('[TSK-182] a pattern too large is refused, one that costs much holds nobody up, and each answer gets further', async () => {
  const { server, sealed, begin } = await setUp()
  const task = await begin()
  // More than any machine gets through in the time that one search has.
  const long = Array.from({ length: 40 }, () => [stdout, `${'abcdefgh'.repeat(2_000)}\n`] as const)
  await task.end('completed', { exitCode: 0, output: await sealed(chunksOf(...long)) })
  for (const q of ['[a-z]{0,999}'.repeat(15), '((((a{9}){9}){9}))'.repeat(8), '\\pL{200}\\pL{9}'])
    expect(await search(server, task.id, { q, regex: 'true' })).toMatchObject({ status: 422 })
  const searching = search(server, task.id, { q: '(?:\\pL\\pN?){200}9', regex: 'true' })
  const waits: number[] = []
  let isOver = false
  void searching.finally(() => (isOver = true))
  while (!isOver) {
    const before = performance.now()
    expect((await server.inWorkspace(`/tasks/${task.id}`)).status).toBe(200)
    waits.push(performance.now() - before)
  }
  const { isComplete, next = 0 } = await searching
  expect([isComplete, next > 0]).toEqual([false, true])
  expect(waits.length).toBeGreaterThan(2)
  const one = await search(server, task.id, { q: 'a', limit: '1', from: '2' })
  expect(one.next).toBeGreaterThan(2)
})

test('[TSK-110] a file that was kept is downloaded as one, and as nothing that a browser would run', async () => {
  const { server, keep, begin } = await setUp()
  const task = await begin()
  const page = bytes('<script>alert(1)</script>')
  const artifacts = [{ path: 'dist/für alle.html', blob: await keep(page), size: page.length }]
  await task.end('completed', { exitCode: 0, artifacts })
  const answer = await server.inWorkspace(`/tasks/${task.id}/artifacts/dist/f%C3%BCr%20alle.html`)
  expect(await answer.text()).toBe('<script>alert(1)</script>')
  expect(answer.headers.get('content-type')).toBe('application/octet-stream')
  expect(answer.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''f%C3%BCr%20alle.html")
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  expect(answer.headers.get('content-security-policy')).toContain('sandbox')
  const part = await server.inWorkspace(`/tasks/${task.id}/artifacts/dist/f%C3%BCr%20alle.html`, {
    headers: { range: 'bytes=1-6' },
  })
  expect([part.status, await part.text()]).toEqual([206, 'script'])
  for (const path of ['dist', 'other.html', '../../members', 'dist/../dist/a'])
    expect((await server.inWorkspace(`/tasks/${task.id}/artifacts/${encodeURIComponent(path)}`)).status).toBe(404)
})

test('[TSK-107] what tasks leave is no file: who brings the same bytes as a file has to bring them', async () => {
  const { server, keep } = await setUp()
  const hash = await keep(bytes('the same'))
  const missing = async (of?: string) => {
    const answer = await server.inWorkspace('/blobs/missing', post({ hashes: [hash], ...(of ? { of } : {}) }))
    return ((await answer.json()) as { missing: object[] }).missing.length
  }
  expect([await missing('task'), await missing()]).toEqual([0, 1])
  expect(await (await server.inWorkspace(`/blobs/${hash}`)).text()).toBe('the same')
})
