import { createHash } from 'node:crypto'
import { TandemError, createId } from '@tandem/shared'
import { expect, test, vi } from 'vitest'
import { openMemoryStore } from '../store/memory.ts'
import { testClient, testServer, type TestServer } from '../test-server.ts'

const put = (
  server: TestServer,
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = { 'if-none-match': '*' },
) => server.inWorkspace(`/files/${path}`, { method: 'PUT', body, headers })
const get = (server: TestServer, path: string) => server.inWorkspace(`/files/${path}`)
const tag = (content: string) => `"${createHash('sha256').update(content).digest('hex')}"`

test('[S207] [S210] [S211] a file is created, read with the hash of its content as ETag, listed, and deleted', async () => {
  const server = await testServer()
  const created = await put(server, 'src/ein%20Wort.ts', 'hello\n')
  expect(created.status).toBe(201)
  expect(await created.json()).toEqual({ version: expect.any(Number) })
  const read = await get(server, 'src/ein%20Wort.ts')
  expect(await read.text()).toBe('hello\n')
  expect(read.headers.get('etag')).toBe(tag('hello\n'))
  const list = await (await server.inWorkspace('/files')).json()
  expect(list).toMatchObject({
    version: expect.any(Number),
    files: [{ path: 'src/ein Wort.ts', kind: 'text', size: 6 }],
  })
  const gone = (headers: Record<string, string>) =>
    server.inWorkspace('/files/src/ein%20Wort.ts', { method: 'DELETE', headers })
  expect((await gone({})).status).toBe(428)
  expect((await gone({ 'if-match': tag('other') })).status).toBe(412)
  expect(await (await gone({ 'if-match': tag('hello\n') })).json()).toEqual({ version: expect.any(Number), files: 1 })
  expect((await get(server, 'src/ein%20Wort.ts')).status).toBe(404)
})

test('[S210] a script must say what it means to replace, and replaces nothing that it has not seen', async () => {
  const server = await testServer()
  await put(server, 'a.txt', 'one')
  expect((await put(server, 'a.txt', 'two', {})).status).toBe(428)
  expect((await put(server, 'a.txt', 'two')).status).toBe(412)
  expect((await put(server, 'a.txt', 'two', { 'if-match': tag('other') })).status).toBe(412)
  expect((await put(server, 'b.txt', 'two', { 'if-match': tag('x') })).status).toBe(412)
  expect((await put(server, 'a.txt', 'two', { 'if-match': tag('one') })).status).toBe(200)
  expect(await (await get(server, 'a.txt')).text()).toBe('two')
})

test('[S210] of two replacements of the same content one succeeds', async () => {
  const server = await testServer()
  await put(server, 'a.txt', 'one')
  const answers = await Promise.all(
    ['two', 'three'].map((text) => put(server, 'a.txt', text, { 'if-match': tag('one') })),
  )
  expect(answers.map((a) => a.status).toSorted((x, y) => x - y)).toEqual([200, 412])
  const made = await Promise.all(['x', 'y'].map((text) => put(server, 'new.txt', text)))
  expect(made.map((a) => a.status).toSorted((x, y) => x - y)).toEqual([201, 412])
})

test('[S210] a replacement becomes small edits: what someone types elsewhere in the file stays', async () => {
  const server = await testServer()
  await put(server, 'a.txt', 'one\ntwo\nthree\n')
  const { files } = (await (await server.inWorkspace('/files')).json()) as { files: { id: string }[] }
  const editor = await (await testClient(server)).open({ kind: 'file', fileId: files[0]?.id ?? '' })
  const deleted: number[] = []
  editor.text.observe((event) => deleted.push(...event.delta.flatMap((d) => d.delete ?? [])))
  await put(server, 'a.txt', 'one\n2\nthree\n', { 'if-match': tag('one\ntwo\nthree\n') })
  await vi.waitFor(() => expect(editor.text.toString()).toBe('one\n2\nthree\n'))
  expect(deleted).toEqual([3])
})

test('[S212] search and replace happens only where the text is there as often as expected', async () => {
  const server = await testServer()
  await put(server, 'a.txt', 'a b a')
  const edit = (body: object) =>
    server.inWorkspace('/files/a.txt?op=edit', { method: 'POST', body: JSON.stringify(body) })
  expect((await edit({ search: 'a', replace: 'x' })).status).toBe(409)
  expect((await edit({ search: 'b', replace: 'x' })).status).toBe(200)
  expect((await edit({ search: 'a', replace: 'y', count: 2 })).status).toBe(200)
  expect(await (await get(server, 'a.txt')).text()).toBe('y x y')
})

test('[MIR-28] a move keeps the file, and never lands on another', async () => {
  const server = await testServer()
  await put(server, 'a.txt', 'a')
  await put(server, 'b.txt', 'b')
  const move = (to: string) =>
    server.inWorkspace('/files/a.txt?op=move', { method: 'POST', body: JSON.stringify({ to }) })
  expect((await move('b.txt')).status).toBe(409)
  expect((await move('dir/c.txt')).status).toBe(200)
  expect(await (await get(server, 'dir/c.txt')).text()).toBe('a')
})

test('[MIR-51] no path leads outside or into .git, however it is written', async () => {
  const server = await testServer()
  for (const path of [
    '.git/hooks/x',
    '.GIT/config',
    '%2e%2e%2fx',
    'a/%2e%2e/%2e%2e/x%5c',
    '%2fetc%2fpasswd',
    'a%00b',
  ]) {
    expect((await put(server, path, 'x')).status, path).toBeGreaterThanOrEqual(400)
  }
  const { files } = (await (await server.inWorkspace('/files')).json()) as { files: unknown[] }
  expect(files).toEqual([])
})

test('[MIR-45] line ends and a byte order mark come back as they were sent', async () => {
  const server = await testServer()
  const crlf = '\uFEFFone\r\ntwo\r\n'
  await put(server, 'a.txt', crlf)
  expect(Buffer.from(await (await get(server, 'a.txt')).arrayBuffer()).toString()).toBe(crlf)
})

test('[S210] [MIR-45] the ETag of a replacement is that of what is read next, whatever line ends were sent', async () => {
  const server = await testServer()
  await put(server, 'a.txt', 'one\n')
  const replaced = await put(server, 'a.txt', 'one\r\ntwo\r\n', { 'if-match': tag('one\n') })
  const read = await get(server, 'a.txt')
  expect(await read.text()).toBe('one\ntwo\n')
  expect(replaced.headers.get('etag')).toBe(read.headers.get('etag'))
  const mixed = await put(server, 'b.txt', 'one\r\ntwo\n')
  expect(mixed.headers.get('etag')).toBe((await get(server, 'b.txt')).headers.get('etag'))
})

test('[ACC-33] no text grows over REST beyond what a text may have', async () => {
  const server = await testServer({ flags: { maxTextBytes: 100 } })
  await put(server, 'a.txt', 'a'.repeat(60))
  const edit = (replace: string) =>
    server.inWorkspace('/files/a.txt?op=edit', {
      method: 'POST',
      body: JSON.stringify({ search: 'a', replace, count: 60 }),
    })
  const refused = await edit('bb')
  expect(refused.status).toBe(413)
  expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('limit 100') })
  expect((await edit('b')).status).toBe(200)
  expect((await put(server, 'b.txt', 'a'.repeat(101))).status).toBe(413)
})

test('[LOG-22] files are served again once the store can be read again', async () => {
  const store = openMemoryStore()
  const disk = { fails: true }
  const first = await testServer({ store })
  await put(first, 'a.txt', 'a')
  await first.end()
  const reading =
    <A extends [string, ...unknown[]], R>(read: (...args: A) => R) =>
    (...args: A): R => {
      if (disk.fails && args[0] === 'files') throw new TandemError('store-failed')
      return read(...args)
    }
  const failing = { ...store, entry: reading(store.entry), entries: reading(store.entries) }
  const server = await testServer({ store: failing, ownerKey: first.ownerKey })
  expect((await get(server, 'a.txt')).status).toBeGreaterThanOrEqual(500)
  disk.fails = false
  expect((await get(server, 'a.txt')).status).toBe(200)
})

test('[S208] [S209] the founding addresses answer for the only workspace', async () => {
  const server = await testServer()
  const asked = await server.api('/file/src/a.txt', { method: 'PUT', body: 'x', headers: { 'if-none-match': '*' } })
  expect(asked.status).toBe(201)
  expect(await (await server.api('/file/src/a.txt')).text()).toBe('x')
  expect(await (await server.api('/files')).json()).toMatchObject({
    version: expect.any(Number),
    files: [{ path: 'src/a.txt' }],
  })
  expect((await fetch(`${server.url}/file/src/a.txt`)).status).toBe(401)
})

test('[S206] the list comes in pages', async () => {
  const server = await testServer()
  for (const name of ['c', 'a', 'b']) await put(server, name, name)
  const page = async (query: string) =>
    (await (await server.inWorkspace(`/files?${query}`)).json()) as { files: { path: string }[]; cursor?: string }
  const first = await page('limit=2')
  expect(first.files.map((f) => f.path)).toEqual(['a', 'b'])
  const second = await page(`limit=2&cursor=${first.cursor}`)
  expect(second.files.map((f) => f.path)).toEqual(['c'])
  expect(second.cursor).toBeUndefined()
})

test('[ACC-36] a task asked for over REST is a request in the name of the key, decided by the referee', async () => {
  const server = await testServer()
  const ask = (body: object) => server.inWorkspace('/tasks', { method: 'POST', body: JSON.stringify(body) })
  const input = { payload: { kind: 'command', command: 'echo', args: ['hi'] }, idempotencyKey: 'once' }
  const made = await ask(input)
  expect(made.status).toBe(201)
  const task = (await made.json()) as { id: string }
  expect(task).toMatchObject({
    title: 'echo hi',
    state: 'queued',
    status: 'pending',
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
  })
  expect(await (await ask(input)).json()).toMatchObject({ id: task.id })
  expect(await (await server.inWorkspace('/tasks')).json()).toMatchObject({ tasks: [{ id: task.id }] })
  expect(await (await server.inWorkspace(`/tasks/${task.id}/log`)).text()).toBe('')
  const cancelled = await server.inWorkspace(`/tasks/${task.id}/cancel`, { method: 'POST' })
  expect(await cancelled.json()).toMatchObject({ state: 'cancelled', status: 'cancelled' })
  expect((await server.inWorkspace(`/tasks/${createId()}`)).status).toBe(404)
  expect((await ask({ payload: { kind: 'nonsense' } })).status).toBe(422)
})

test('[ACC-33] an edit that would grow a short text beyond all memory is refused before it is made', async () => {
  const server = await testServer()
  const headers = { 'if-none-match': '*' }
  await server.inWorkspace('/files/a', { method: 'PUT', body: 'a'.repeat(1_000), headers })
  const edit = { search: 'a', replace: 'x'.repeat(1_000_000), count: 1_000 }
  const answer = await server.inWorkspace('/files/a?op=edit', { method: 'POST', body: JSON.stringify(edit) })
  expect(await answer.json()).toMatchObject({ status: 413, code: 'too-large' })
})
