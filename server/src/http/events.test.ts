import { createId, systemClock } from '@tandem/shared'
import { expect, onTestFinished, test, vi } from 'vitest'
import { acknowledged, testClient, testServer, type TestServer } from '../test-server.ts'

type Heard = { event: string; id?: string; data: Record<string, unknown> }

/** Listens as a program would, until the test ends. */
async function listen(server: TestServer, headers: Record<string, string> = {}) {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const answer = await server.inWorkspace('/events', { headers, signal: stop.signal })
  expect(answer.headers.get('content-type')).toBe('text/event-stream')
  const heard: Heard[] = []
  const state = { ended: false }
  const read = async () => {
    let text = ''
    for await (const piece of answer.body ?? []) {
      text += Buffer.from(piece).toString()
      const parts = text.split('\n\n')
      text = parts.pop() ?? ''
      for (const part of parts.filter((p) => !p.startsWith(':'))) {
        const fields = Object.fromEntries(part.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]))
        const { event = '', id, data = '{}' } = fields
        heard.push({ event, ...(id !== undefined && { id }), data: JSON.parse(data) as Record<string, unknown> })
      }
    }
  }
  void read()
    .catch(() => {}) // Cut by the test.
    .finally(() => (state.ended = true))
  const files = (): { event: unknown; path: unknown; from?: unknown }[] =>
    heard
      .filter((h) => h.event === 'file')
      .map(({ data: { event, path, from } }) => ({ event, path, ...(from !== undefined && { from }) }))
  await vi.waitFor(() => expect(heard).not.toEqual([]))
  return { heard, files, state, lastId: () => heard.findLast((h) => h.id !== undefined)?.id ?? '' }
}
const put = (server: TestServer, path: string, body = path) =>
  server.inWorkspace(`/files/${path}`, { method: 'PUT', body, headers: { 'if-none-match': '*' } })
const move = (server: TestServer, path: string, to: string) =>
  server.inWorkspace(`/files/${path}?op=move`, { method: 'POST', body: JSON.stringify({ to }) })
const remove = (server: TestServer, path: string) =>
  server.inWorkspace(`/files/${path}`, { method: 'DELETE', headers: { 'if-match': '*' } })

test('[S72] [S84] [S88] a program that speaks no Yjs hears what becomes of files, as it happens', async () => {
  const server = await testServer()
  const { heard, files } = await listen(server)
  await put(server, 'a')
  await vi.waitFor(() => expect(files()).toEqual([{ event: 'created', path: 'a' }]))
  const list = (await (await server.inWorkspace('/files')).json()) as { files: { id: string }[] }
  const person = await (await testClient(server)).open({ kind: 'file', fileId: list.files[0]?.id ?? '' })
  person.text.insert(0, 'x')
  await vi.waitFor(() => expect(files().at(-1)).toEqual({ event: 'edited', path: 'a' }))
  await move(server, 'a', 'b/c')
  await vi.waitFor(() => expect(files().at(-1)).toEqual({ event: 'moved', path: 'b/c', from: 'a' }))
  await remove(server, 'b/c')
  await vi.waitFor(() => expect(files().at(-1)).toEqual({ event: 'deleted', path: 'b/c' }))
  const versions = heard.filter((h) => h.event === 'file').map((h) => h.data['version'] as number)
  expect(versions).toEqual(versions.toSorted((x, y) => x - y))
})

test('[OPS-30] who comes again with the last id hears what happened meanwhile, once each, and misses nothing', async () => {
  const first = await testServer()
  for (const path of ['stays', 'moves', 'goes']) await put(first, path)
  const before = await listen(first)
  const id = before.lastId()
  await put(first, 'comes')
  await move(first, 'moves', 'moved')
  await remove(first, 'goes')
  await put(first, 'passes')
  await remove(first, 'passes')
  await first.inWorkspace('/files/stays?op=edit', {
    method: 'POST',
    body: JSON.stringify({ search: 'stays', replace: 'x' }),
  })
  await first.end()
  const server = await testServer({ dataDir: first.dataDir, ownerKey: first.ownerKey })
  const again = await listen(server, { 'last-event-id': id })
  const expected = [
    { event: 'created', path: 'comes' },
    { event: 'deleted', path: 'goes' },
    { event: 'edited', path: 'stays' },
    { event: 'moved', path: 'moved', from: 'moves' },
  ]
  await vi.waitFor(() =>
    expect(again.files().toSorted((a, b) => String(a.event).localeCompare(String(b.event)))).toEqual(expected),
  )
  const nothing = await listen(server, { 'last-event-id': again.lastId() })
  expect(nothing.files()).toEqual([])
})

test('[OPS-30] an id of another generation or of the future is told that the files have to be listed anew', async () => {
  const server = await testServer()
  for (const id of ['9.1', '1.999999']) {
    const { heard } = await listen(server, { 'last-event-id': id })
    expect(heard[0]).toMatchObject({ event: 'reset' })
  }
  expect((await server.inWorkspace('/events', { headers: { 'last-event-id': 'nonsense' } })).status).toBe(400)
})

test('[OPS-31] many changes of one moment are told as one, and a lone listener costs nothing once gone', async () => {
  const server = await testServer()
  const { files, heard } = await listen(server)
  await put(server, 'a')
  const list = (await (await server.inWorkspace('/files')).json()) as { files: { id: string }[] }
  const person = await (await testClient(server)).open({ kind: 'file', fileId: list.files[0]?.id ?? '' })
  for (let i = 0; i < 200; i++) person.text.insert(0, 'x')
  await acknowledged(person.provider)
  await move(server, 'a', 'b')
  await vi.waitFor(() => expect(files().at(-1)).toMatchObject({ path: 'b' }))
  expect(heard.length).toBeLessThan(150)
})

test('[S67] [S93] [S71] the workspace is connected while a daemon serves it, syncing while that is behind, and disconnected else', async () => {
  const server = await testServer()
  const status = async (route = `/api/v1/workspaces/${server.workspaceId}/status`) =>
    (await (await server.api(route)).json()) as { status: string; writable: boolean; daemons: { connection: string }[] }
  expect(await status()).toMatchObject({ status: 'disconnected', writable: true, daemons: [] })
  const { heard } = await listen(server)
  const told = () => heard.filter((h) => h.event === 'workspace').map((h) => h.data['status'])
  const daemon = { id: createId(), name: 'workshop' }
  const client = await testClient(server, { daemon })
  const own = await client.open({ kind: 'daemon', daemonId: daemon.id })
  await vi.waitFor(() => expect(told().at(-1)).toBe('connected'))
  own.doc.getMap('self').set('workspaceStatus', 'syncing')
  await vi.waitFor(() => expect(told().at(-1)).toBe('syncing'))
  expect(await status(`/api/workspaces/${server.workspaceId}/status`)).toMatchObject({
    workspaceId: server.workspaceId,
    status: 'syncing',
    daemons: [{ name: 'workshop', connection: 'online' }],
  })
  client.socket.destroy()
  await vi.waitFor(() => expect(told().at(-1)).toBe('disconnected'))
  expect((await server.api(`/api/workspaces/${createId()}/status`)).status).toBe(404)
})

test('[OPS-30] the stream ends when the key that opened it is withdrawn', async () => {
  const server = await testServer({ clock: systemClock })
  const made = await server.inWorkspace('/keys', {
    method: 'POST',
    body: JSON.stringify({ name: 'reader', role: 'viewer', scopes: ['read'] }),
  })
  const { key, info } = (await made.json()) as { key: string; info: { id: string } }
  const { state } = await listen(server, { authorization: `Bearer ${key}` })
  expect((await server.inWorkspace(`/keys/${info.id}`, { method: 'DELETE' })).status).toBeLessThan(300)
  await vi.waitFor(() => expect(state.ended).toBe(true))
})
