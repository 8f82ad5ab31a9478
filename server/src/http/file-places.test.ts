import { createId } from '@tandem/shared'
import { openFiles } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { testServer, type TestServer } from '../test-server.ts'
import { roomIn } from './file-places.ts'

const put = (server: TestServer, path: string, body: string | Uint8Array<ArrayBuffer> = path) =>
  server.inWorkspace(`/files/${path}`, { method: 'PUT', body, headers: { 'if-none-match': '*' } })
const move = (server: TestServer, path: string, to: string, headers: Record<string, string> = {}) =>
  server.inWorkspace(`/files/${path}?op=move`, { method: 'POST', body: JSON.stringify({ to }), headers })
const remove = (server: TestServer, route: string) =>
  server.inWorkspace(`/files/${route}`, { method: 'DELETE', headers: { 'if-match': '*' } })
const paths = async (server: TestServer, query = '') =>
  ((await (await server.inWorkspace(`/files${query}`)).json()) as { files: { path: string }[] }).files.map(
    (f) => f.path,
  )
const problem = async (answer: Response | Promise<Response>) => {
  const { status, code, detail } = (await (await answer).json()) as { status: number; code: string; detail: string }
  return { status, code, detail }
}

test('[ACC-80] nothing is put where some disk would take it for something else', async () => {
  const server = await testServer()
  for (const path of ['README.md', 'src/a.ts', 'caf%C3%A9']) expect((await put(server, path)).status).toBe(201)
  const refused = [
    ['readme.md', 'cannot tell this name'],
    ['cafe%CC%81', 'exists already'],
    ['CAF%C3%89', 'cannot tell this name'],
    ['Src/b.ts', 'cannot tell this folder'],
    ['src', 'folder of that name'],
    ['README.md/a', 'a file is where a folder'],
  ] as const
  for (const [path, reason] of refused) {
    const answer = await problem(put(server, path))
    expect(answer.detail, path).toContain(reason)
    expect([409, 412], path).toContain(answer.status)
  }
  expect(await problem(move(server, 'src/a.ts', 'readme.MD'))).toMatchObject({ status: 409 })
  // Its own name in other letters is a rename like any other.
  expect((await move(server, 'README.md', 'Readme.md')).status).toBe(200)
  expect(await paths(server)).toEqual(['Readme.md', 'café', 'src/a.ts'])
})

test('[ACC-81] a folder moves, and is deleted, with all that is in it, in one change', async () => {
  const server = await testServer()
  for (const path of ['a/one', 'a/b/two', 'ab', 'c']) await put(server, path)
  const moved = await move(server, 'a', 'd/e')
  expect(await moved.json()).toMatchObject({ files: 2 })
  expect(await paths(server)).toEqual(['ab', 'c', 'd/e/b/two', 'd/e/one'])
  expect(await (await server.inWorkspace('/files/d/e/b/two')).text()).toBe('a/b/two')
  expect(await problem(move(server, 'd', 'd/e/f'))).toMatchObject({ status: 409, code: 'conflict' })
  expect(await problem(move(server, 'd', 'c'))).toMatchObject({ status: 409 })
  expect(await problem(move(server, 'a', 'x'))).toMatchObject({ status: 404 })
  expect(await problem(remove(server, 'd'))).toMatchObject({
    status: 409,
    detail: expect.stringContaining('recursive'),
  })
  const before = (await (await server.inWorkspace('/files')).json()) as { version: number }
  const gone = (await (await remove(server, 'd?recursive=true')).json()) as { version: number; files: number }
  expect(gone).toEqual({ version: before.version + 1, files: 2 })
  expect(await paths(server)).toEqual(['ab', 'c'])
})

test('[ACC-81] a folder is listed by its name, and said to be one where a file is asked for', async () => {
  const server = await testServer()
  for (const path of ['a/one', 'a/b/two', 'ab']) await put(server, path)
  expect(await paths(server, '?prefix=a')).toEqual(['a/b/two', 'a/one'])
  expect(await paths(server, '?prefix=a/b/')).toEqual(['a/b/two'])
  expect(await problem(server.inWorkspace('/files/a'))).toMatchObject({
    status: 404,
    detail: expect.stringContaining('this is a folder'),
  })
  const list = (await (await server.inWorkspace('/files')).json()) as { files: { changed?: number }[]; version: number }
  expect(list.files.every(({ changed = 0 }) => changed > 0 && changed <= list.version)).toBe(true)
})

test('[ACC-82] an edit or a move happens only to what was seen, where that is said', async () => {
  const server = await testServer()
  const made = await put(server, 'a', 'one\r\ntwo\r\n')
  const etag = made.headers.get('etag') ?? ''
  const edit = (headers: Record<string, string>, body: object) =>
    server.inWorkspace('/files/a?op=edit', { method: 'POST', body: JSON.stringify(body), headers })
  expect((await edit({ 'if-match': '"other"' }, { search: 'one', replace: '1' })).status).toBe(412)
  expect((await move(server, 'a', 'b', { 'if-match': '"other"' })).status).toBe(412)
  // As it was read, line ends and all.
  const done = await edit({ 'if-match': etag }, { search: 'one\r\ntwo', replace: '1\r\n2' })
  expect(done.status).toBe(200)
  const read = await server.inWorkspace('/files/a')
  expect(await read.text()).toBe('1\r\n2\r\n')
  expect(done.headers.get('etag')).toBe(read.headers.get('etag'))
  expect(done.headers.get('tandem-version')).toBe(read.headers.get('tandem-version'))
  expect((await move(server, 'a', 'b', { 'if-match': read.headers.get('etag') ?? '' })).status).toBe(200)
  expect(
    (await server.inWorkspace('/files/b', { headers: { 'if-none-match': `W/"x", ${read.headers.get('etag')}` } }))
      .status,
  ).toBe(304)
})

test('[S212] [S211] the founding addresses edit and delete', async () => {
  const server = await testServer()
  await put(server, 'src/a.ts', 'const a = 1')
  await put(server, 'edit', 'one')
  const edited = await server.api('/file/src/a.ts/edit', {
    method: 'POST',
    body: JSON.stringify({ search: '1', replace: '2' }),
  })
  expect(await edited.json()).toEqual({ version: expect.any(Number) })
  expect(await (await server.api('/file/src/a.ts')).text()).toBe('const a = 2')
  const missing = { method: 'POST', body: JSON.stringify({ search: '1', replace: '2' }) }
  expect((await server.api('/file/src/a.ts/edit', missing)).status).toBe(409)
  const other = { method: 'POST', body: JSON.stringify({ to: 'b' }) }
  expect((await server.api('/file/edit?op=move', other)).status).toBe(200)
  const gone = await server.api('/file/src/a.ts', { method: 'DELETE', headers: { 'if-match': '*' } })
  expect(gone.status).toBe(200)
  expect(await paths(server)).toEqual(['b'])
})

test('[ACC-83] what is too large, no path or no name of a file is refused in words that say which', async () => {
  const server = await testServer({ flags: { maxTextBytes: 1_000, maxBlobBytes: 2_000 } })
  const refusals = [
    ['bin', new Uint8Array(2_001), 413, 'limit 2000'],
    ['large', 'x'.repeat(1_001), 413, 'limit 1000'],
    ['.git/config', 'x', 403, '.git'],
    ['a/.GIT/x', 'x', 403, '.git'],
    ['a%00b', 'x', 422, 'control'],
    ['a%5Cb', 'x', 422, 'backslash'],
    ['a//b', 'x', 422, 'empty part'],
    ['%2Fetc', 'x', 403, 'absolute'],
    ['a%2F..%2F..%2Fb', 'x', 403, 'leaves the workspace'],
    ['a.', 'x', 422, 'ends with a dot'],
    ['%ff', 'x', 400, 'encoded'],
  ] as const
  for (const [path, body, status, words] of refusals) {
    const answer = await problem(put(server, path, body))
    expect(answer, path).toMatchObject({ status, detail: expect.stringContaining(words) })
  }
  // A slash is a slash, however it is written; a percent sign is a name like any other.
  expect((await put(server, 'a%2Fb', 'x')).status).toBe(201)
  expect((await put(server, 'a%252Fc', 'x')).status).toBe(201)
  expect(await paths(server)).toEqual(['a%2Fc', 'a/b'])
})

test('[ACC-81] for a folder of thousands the other files are looked at once', () => {
  const doc = new Y.Doc()
  const files = openFiles(doc)
  files.create('b/x', 'text', { size: 0, exec: false, eol: 'lf', bom: false }, createId())
  let looks = 0
  const counted = { ...files, snapshot: () => ((looks += 1), files.snapshot()) }
  const requireRoom = roomIn(counted)
  for (let i = 0; i < 1_000; i += 1) requireRoom(`a/${i}`)
  expect(() => requireRoom('B/y')).toThrow('cannot tell this folder')
  expect(looks).toBe(1)
})
