import { createHash } from 'node:crypto'
import { createId, systemClock, type Id } from '@tandem/shared'
import { writeLogLine } from '@tandem/shared/docs'
import { expect, test, vi } from 'vitest'
import { playDaemon } from '../test-daemon.ts'
import { listenTo } from '../test-events.ts'
import { post } from '../test-people.ts'
import { testServer, type TestServer } from '../test-server.ts'

const patience = { timeout: 10_000, interval: 5 }
const create = async (server: TestServer, input: object = {}) => {
  const body = { payload: { kind: 'command', command: 'echo' }, ...input }
  return ((await (await server.inWorkspace('/tasks', post(body))).json()) as { id: Id }).id
}
const textOf = (data: Record<string, unknown>[]) => data.map(({ d }) => d).join('')
const statesIn = (data: Record<string, unknown>[]) => data.map(({ state }) => state)

test('[S117] [S118] [TSK-126] states and output are told as they come, and the stream ends with the last state', async () => {
  const server = await testServer()
  const id = await create(server)
  const { answer, of, ended } = await listenTo(server, `/tasks/${id}/events`)
  expect(answer.headers.get('content-type')).toBe('text/event-stream')
  expect(answer.headers.get('cache-control')).toContain('no-cache')
  expect(answer.headers.get('connection')).toBe('keep-alive')
  await vi.waitFor(() => expect(of('state')).toMatchObject([{ state: 'queued', status: 'pending' }]), patience)
  const daemon = await playDaemon(server, 'one')
  const attempt = await daemon.begin(id)
  await attempt.write('hello\n')
  await attempt.write('oh no\n', 2)
  await vi.waitFor(() => expect(of('output')).toHaveLength(2), patience)
  expect(of('output')).toMatchObject([
    { attempt: 1, q: 0, o: 0, s: 1, d: 'hello\n' },
    { attempt: 1, q: 1, o: 6, s: 2, d: 'oh no\n' },
  ])
  await attempt.write(new Uint8Array([0xff, 0xfe, 0]))
  await attempt.end('failed', { exitCode: 3 })
  await ended()
  expect(of('output')[2]).toMatchObject({ b: Buffer.from([0xff, 0xfe, 0]).toString('base64') })
  const states = statesIn(of('state'))
  expect(states.at(-1)).toBe('failed')
  expect(states.filter((state, i) => state !== states[i - 1])).toEqual(states)
  expect(of('state').at(-1)).toMatchObject({ status: 'failed', result: { exitCode: 3 } })
  // The founding address tells the same.
  const founding = await server.api(`/api/tasks/${id}/events`)
  expect(await founding.text()).toContain('"state":"failed"')
})

test('[TSK-126] who comes again with the last id hears each chunk once, and once all is told that there is nothing more', async () => {
  const server = await testServer()
  const id = await create(server)
  const attempt = await (await playDaemon(server, 'one')).begin(id)
  for (const text of ['a', 'b']) await attempt.write(text)
  const first = await listenTo(server, `/tasks/${id}/events`)
  await vi.waitFor(() => expect(textOf(first.of('output'))).toBe('ab'), patience)
  first.stop()
  await attempt.write('c')
  const again = await listenTo(server, `/tasks/${id}/events`, { 'last-event-id': first.lastId() })
  await vi.waitFor(() => expect(textOf(again.of('output'))).toBe('c'), patience)
  expect(statesIn(again.of('state'))).toEqual(['running'])
  await attempt.write('d')
  await attempt.end('completed')
  await again.ended()
  expect(textOf(again.of('output'))).toBe('cd')
  const end = await server.inWorkspace(`/tasks/${id}/events`, { headers: { 'last-event-id': again.lastId() } })
  expect(end.status).toBe(204)
  // It runs once more: there is more to tell.
  await server.inWorkspace(`/tasks/${id}/retry`, { method: 'POST' })
  const more = await listenTo(server, `/tasks/${id}/events`, { 'last-event-id': again.lastId() })
  await vi.waitFor(() => expect(statesIn(more.of('state'))).toEqual(['queued']), patience)
  for (const bad of ['nonsense', '1', '1.2.3'])
    expect((await server.inWorkspace(`/tasks/${id}/events`, { headers: { 'last-event-id': bad } })).status).toBe(400)
  expect((await server.inWorkspace(`/tasks/${createId()}/events`)).status).toBe(404)
})

test('[TSK-126] an attempt after another is told behind it, and without follow the stream ends with what there is', async () => {
  const server = await testServer()
  const id = await create(server)
  const daemon = await playDaemon(server, 'one')
  const first = await daemon.begin(id)
  await first.write('one ')
  const early = await listenTo(server, `/tasks/${id}/events`)
  await vi.waitFor(() => expect(textOf(early.of('output'))).toBe('one '), patience)
  early.stop()
  await first.write('two ')
  await first.end('failed')
  await server.inWorkspace(`/tasks/${id}/retry`, { method: 'POST' })
  const second = await daemon.begin(id, 2)
  await second.write('three')
  const late = await listenTo(server, `/tasks/${id}/events?follow=false`, { 'last-event-id': early.lastId() })
  await late.ended()
  expect(late.of('output').map(({ attempt, d }) => `${String(attempt)} ${String(d)}`)).toEqual(['1 two ', '2 three'])
  expect(statesIn(late.of('state'))).toEqual(['running'])
})

test('[TSK-126] what was sealed is told from where it lies, and what is missing of it is said', async () => {
  const server = await testServer()
  const id = await create(server)
  const attempt = await (await playDaemon(server, 'one')).begin(id)
  const lines = ['a', 'b', 'c', 'd'].map((text, q) => ({ q, o: q, t: 0, s: 1 as const, d: Buffer.from(text) }))
  const segments = []
  for (const part of [lines.slice(0, 2), lines.slice(3)]) {
    const bytes = Buffer.from(part.map(writeLogLine).join(''))
    const blob = createHash('sha256').update(bytes).digest('hex')
    const put = await server.inWorkspace(`/blobs/${blob}?of=task&offset=0&size=${bytes.length}`, {
      method: 'PUT',
      body: bytes,
    })
    expect(put.ok, await put.clone().text()).toBe(true)
    segments.push({ blob, size: bytes.length, lines: part.length })
  }
  await attempt.end('completed', { exitCode: 0, output: { bytes: 4, truncated: false, tail: 'd', segments } })
  const { of, heard, ended } = await listenTo(server, `/tasks/${id}/events`)
  await ended()
  expect(heard.map(({ event }) => event)).toEqual(['output', 'output', 'gap', 'output', 'state'])
  expect(textOf(of('output'))).toBe('abd')
  expect(of('gap')).toMatchObject([{ from: 2, to: 3 }])
})

test('[TSK-127] for a reader that takes nothing nothing piles up: it hears of the gap, and then the newest', async () => {
  const server = await testServer()
  const id = await create(server)
  const attempt = await (await playDaemon(server, 'one')).begin(id)
  const answer = await server.inWorkspace(`/tasks/${id}/events`)
  const body = answer.body?.getReader()
  await body?.read()
  // More than the window and all buffers between us hold.
  const chunk = 'x'.repeat(16_000)
  const [times, atOnce] = [16, 48]
  for (let i = 0; i < times; i++) await attempt.write(chunk, 1, atOnce)
  await attempt.end('completed')
  let text = ''
  for (let bytes; !(bytes = await body?.read())?.done;) text += Buffer.from(bytes?.value ?? []).toString()
  const events = text.split('\n\n').filter((part) => part.includes('event: '))
  const gaps = events.filter((part) => part.includes('event: gap'))
  expect(gaps.length).toBeGreaterThan(0)
  const told = events.filter((part) => part.includes('event: output'))
  expect(told.length).toBeLessThan(times * atOnce)
  expect(told.at(-1)).toContain(`"q":${times * atOnce - 1}`)
  expect(events.at(-1)).toContain('"state":"completed"')
})

test('[TSK-128] each task that changes is told as it now stands, and again only what changed since the last id', async () => {
  const server = await testServer()
  const [one, over] = [await create(server), await create(server)]
  await server.inWorkspace(`/tasks/${over}/cancel`, { method: 'POST' })
  const first = await listenTo(server, '/tasks/events')
  await vi.waitFor(() => expect(first.of('caught-up')).toHaveLength(1), patience)
  expect(first.of('task')).toMatchObject([{ id: one, state: 'queued', status: 'pending' }])
  const two = await create(server)
  await vi.waitFor(() => expect(first.of('task').at(-1)).toMatchObject({ id: two, state: 'queued' }), patience)
  first.stop()
  await server.inWorkspace(`/tasks/${one}/cancel`, { method: 'POST' })
  const again = await listenTo(server, '/tasks/events', { 'last-event-id': first.lastId() })
  await vi.waitFor(() => expect(again.of('task')).toMatchObject([{ id: one, state: 'cancelled' }]), patience)
  expect(again.of('reset')).toEqual([])
  const bad = await server.inWorkspace('/tasks/events', { headers: { 'last-event-id': 'nonsense' } })
  expect(bad.status).toBe(400)
})

test('[TSK-128] an id of an earlier life of the server is told that the tasks have to be listed anew', async () => {
  const first = await testServer()
  const id = await create(first)
  const { lastId, of } = await listenTo(first, '/tasks/events')
  await vi.waitFor(() => expect(of('caught-up')).toHaveLength(1), patience)
  await first.end()
  const server = await testServer({ dataDir: first.dataDir, ownerKey: first.ownerKey })
  for (const known of [lastId(), `${createId()}.0`]) {
    const { heard } = await listenTo(server, '/tasks/events', { 'last-event-id': known })
    await vi.waitFor(() => expect(heard.map(({ event }) => event)).toEqual(['reset', 'task', 'caught-up']), patience)
    expect(heard[1]).toMatchObject({ data: { id, state: 'queued' } })
  }
})

test('[TSK-126] a stream in which nothing happens says every 15 s that it lives', async () => {
  const timers: { ms: number; call: () => void }[] = []
  const clock = {
    ...systemClock,
    after: (ms: number, call: () => void) => {
      if (ms === 15_000) timers.push({ ms, call })
      return ms === 15_000 ? () => {} : systemClock.after(ms, call)
    },
  }
  const server = await testServer({ clock })
  const id = await create(server)
  const one = await listenTo(server, `/tasks/${id}/events`)
  const all = await listenTo(server, '/tasks/events')
  await vi.waitFor(() => expect([one.of('state'), all.of('task')].map((e) => e.length)).toEqual([1, 1]), patience)
  await vi.waitFor(() => {
    for (const { call } of timers.splice(0)) call()
    expect([one.comments, all.comments].map((e) => e.length > 0)).toEqual([true, true])
  }, patience)
})
