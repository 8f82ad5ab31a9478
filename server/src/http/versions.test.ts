import { createId, type Blame, type DiffAnswer, type VersionFiles } from '@tandem/shared'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { join } from '../test-people.ts'
import { idOf, restOf } from '../test-rest.ts'
import { acknowledged, testClient, testServer, type TestServer } from '../test-server.ts'

test('[LOG-53] [S203] which files there were at a version, and the bytes of each, by the path of then', async () => {
  const server = await testServer()
  const { get, create, replace, move, remove, text } = restOf(server)
  const first = await create('a.txt', 'one\r\ntwo\r\n')
  await replace('a.txt', 'ONE\r\ntwo\r\n')
  const moved = await move('a.txt', 'ein Wort.txt')
  await create('b.txt', 'x')
  const removed = await remove('b.txt')
  expect(await text('a.txt', first.version)).toBe('one\r\ntwo\r\n')
  expect(await text('a.txt', moved.version - 1)).toBe('ONE\r\ntwo\r\n')
  expect(await text('ein%20Wort.txt', moved.version)).toBe('ONE\r\ntwo\r\n')
  expect(await text('a.txt', moved.version)).toBe(404)
  expect(await text('b.txt', removed.version - 1)).toBe('x')
  expect(await text('b.txt', removed.version)).toBe(404)
  const then = await get<VersionFiles>(`/versions/${first.version}/files`)
  expect(then).toEqual({
    version: first.version,
    files: [{ id: expect.any(String), path: 'a.txt', kind: 'text', size: 10 }],
  })
  expect((await get<VersionFiles>('/versions/0/files')).files).toEqual([])
  const now = await get<VersionFiles>('/versions/head/files')
  expect(now).toMatchObject({ version: removed.version, files: [{ path: 'ein Wort.txt' }] })

  const answer = await server.inWorkspace('/versions/head/files/ein%20Wort.txt')
  expect(answer.headers.get('tandem-version')).toBe(String(removed.version))
  const etag = answer.headers.get('etag') ?? ''
  expect((await server.inWorkspace('/files/ein%20Wort.txt')).headers.get('etag')).toBe(etag)
  const again = await server.inWorkspace('/versions/head/files/ein%20Wort.txt', { headers: { 'if-none-match': etag } })
  expect(again.status).toBe(304)
  expect((await server.inWorkspace(`/versions/${removed.version + 1}/files`)).status).toBe(404)
  expect((await server.inWorkspace('/versions/x/files')).status).toBe(422)
  expect((await server.inWorkspace('/versions/1/files/..%2Fx')).status).toBe(403)
})

test('[S196] the texts of a version come in the founding shape: one Yjs document with a text for each path', async () => {
  const server = await testServer()
  const { create, replace } = restOf(server)
  await create('src/a.ts', 'one')
  const { version } = await create('b.ts', 'two')
  await replace('b.ts', 'three')
  const doc = new Y.Doc()
  const answer = await server.inWorkspace(`/versions/${version}/files?as=yjs`)
  Y.applyUpdate(doc, new Uint8Array(await answer.arrayBuffer()))
  expect(doc.getMap('files').toJSON()).toEqual({ 'src/a.ts': 'one', 'b.ts': 'two' })
  expect(doc.getMap('files').get('b.ts')).toBeInstanceOf(Y.Text)
})

test('[LOG-54] a diff shows each change with three lines around it, and of all files which differ', async () => {
  const server = await testServer()
  const { get, create, replace, move, remove } = restOf(server)
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i + 1}`)
  const { version: from } = await create('src/a.txt', lines.join('\n') + '\n')
  const changed = lines.with(4, 'five').toSpliced(24, 1)
  await replace('src/a.txt', changed.join('\n') + '\n')
  const { files } = await get<DiffAnswer>(`/diff?from=${from}&path=src/a.txt`)
  const line = (kind: string, text: string) => ({ kind, text })
  const same = (a: number, b: number) => lines.slice(a - 1, b).map((text) => line('same', text))
  expect(files).toMatchObject([{ path: 'src/a.txt', change: 'edited', added: 1, removed: 2 }])
  expect(files[0]?.hunks).toEqual([
    { fromLine: 2, toLine: 2, lines: [...same(2, 4), line('removed', 'line 5'), line('added', 'five'), ...same(6, 8)] },
    { fromLine: 22, toLine: 22, lines: [...same(22, 24), line('removed', 'line 25'), ...same(26, 28)] },
  ])
  await create('b.txt', 'x\ny\n')
  await move('src/a.txt', 'src/c.txt')
  const all = await get<DiffAnswer>(`/diff?from=${from}`)
  expect(all.files).toEqual([
    { fileId: expect.any(String), path: 'b.txt', change: 'created', added: 2, removed: 0 },
    { fileId: expect.any(String), path: 'src/c.txt', change: 'moved', from: 'src/a.txt', added: 1, removed: 2 },
  ])
  expect((await get<DiffAnswer>(`/diff?from=${from}&path=src`)).files).toHaveLength(1)
  const { version } = await remove('b.txt')
  // Backwards, and by the path that it has in one of the two only.
  expect((await get<DiffAnswer>(`/diff?from=${version}&to=${version - 1}&path=b.txt`)).files).toMatchObject([
    { path: 'b.txt', change: 'restored', added: 2, removed: 0 },
  ])
  expect((await get<DiffAnswer>(`/diff?from=${version}&to=${version}`)).files).toEqual([])
  await create('long.txt', 'x\n'.repeat(60_000))
  await expect(get('/diff?from=0&path=long.txt')).rejects.toThrow('413')
  await expect(get('/diff?from=0&path=nowhere')).rejects.toThrow('404')
  await expect(get('/diff?path=b.txt')).rejects.toThrow('422')
})

test('[LOG-54] what a diff says of lines turns the one text into the other', async () => {
  const server = await testServer()
  const { get, create, replace } = restOf(server)
  let { version } = await create('a.txt', 'x')
  const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd', ''), { maxLength: 40 }).map((lines) => lines.join('\n'))
  let before = 'x'
  await fc.assert(
    fc.asyncProperty(text, async (after) => {
      const next = await replace('a.txt', after)
      const { files } = await get<DiffAnswer>(`/diff?from=${version}&to=${next.version}&path=a.txt`)
      const [a, b] = [before.split('\n'), after.split('\n')]
      for (const { fromLine, toLine, lines } of files[0]?.hunks ?? []) {
        const side = (kind: string) => lines.filter((l) => l.kind !== kind).map((l) => l.text)
        const [olds, news] = [side('added'), side('removed')]
        expect(a.slice(fromLine - 1, fromLine - 1 + olds.length)).toEqual(olds)
        expect(b.slice(toLine - 1, toLine - 1 + news.length)).toEqual(news)
      }
      expect(files.length).toBe(before === after ? 0 : 1)
      ;[before, version] = [after, next.version]
    }),
    { numRuns: 30 },
  )
})

/** Each character with the name of its author, as blame tells it. */
async function lettersOf(server: TestServer, path: string, version: number | 'head' = 'head') {
  const { get, text } = restOf(server)
  const { authors, runs } = await get<Blame>(`/versions/${version}/blame/${path}`)
  const content = String(await text(path, version === 'head' ? undefined : version))
  let at = 0
  const letters = runs.map(({ length, author, via }) => {
    at += length
    return [
      content.slice(at - length, at),
      authors[author]?.name,
      ...(via === undefined ? [] : [`via ${authors[via]?.name}`]),
    ]
  })
  expect(at).toBe(content.length)
  return letters
}

test('[LOG-60] blame names for every character who wrote it, also who restored it from which version', async () => {
  const server = await testServer()
  const mira = await join(server, 'editor', 'Mira')
  const ben = await join(server, 'editor', 'Ben')
  const { version } = await restOf(mira).create('a.txt', 'hello\n')
  await restOf(ben).replace('a.txt', 'hello world\n')
  expect(await lettersOf(server, 'a.txt')).toEqual([
    ['hello', 'Mira'],
    [' world', 'Ben'],
    ['\n', 'Mira'],
  ])
  expect(await lettersOf(server, 'a.txt', version)).toEqual([['hello\n', 'Mira']])
  await restOf(mira).replace('a.txt', 'world\n')
  await restOf(ben).post('/restore', { version })
  expect(await restOf(server).text('a.txt')).toBe('hello\n')
  const { authors, runs } = await restOf(server).get<Blame>('/versions/head/blame/a.txt')
  expect(runs.map(({ author }) => authors[author])).toMatchObject([
    { name: 'Ben', kind: 'person', cause: { restoredFrom: version } },
    { name: 'Mira' },
  ])
  await expect(restOf(server).get('/versions/head/blame/b.txt')).rejects.toThrow('404')
})

test('[LOG-60] what a daemon brings is the disk’s, and says for which task', async () => {
  const server = await testServer()
  const { create } = restOf(server)
  await create('a.txt', '')
  const daemon = { id: createId(), name: 'laptop' }
  const client = await testClient(server, { daemon })
  const own = await client.open({ kind: 'daemon', daemonId: daemon.id })
  const file = await client.open({ kind: 'file', fileId: await idOf(server, 'a.txt') })
  const task = createId()
  file.text.insert(0, 'from the disk\n')
  await acknowledged(file.provider)
  const id = 123_456
  own.provider.sendStateless(JSON.stringify({ t: 'writes-as', clients: [id], cause: { task } }))
  file.doc.clientID = id
  file.text.insert(file.text.length, 'by the task\n')
  await acknowledged(file.provider)
  const { authors, runs } = await restOf(server).get<Blame>('/versions/head/blame/a.txt')
  expect(runs.map(({ length, author }) => [length, authors[author]])).toEqual([
    [14, { id: daemon.id, name: 'laptop', kind: 'disk' }],
    [12, { id: daemon.id, name: 'laptop', kind: 'disk', cause: { task } }],
  ])
})

test('[LOG-61] [LOG-68] what somebody passes on stays its author’s, marked; and whose ids these are is told', async () => {
  const server = await testServer()
  const [mira, ben] = [await join(server, 'editor', 'Mira'), await join(server, 'editor', 'Ben')]
  await restOf(server).create('a.txt', '')
  const doc = { kind: 'file', fileId: await idOf(server, 'a.txt') } as const
  const writer = await (await testClient(mira)).open(doc)
  writer.text.insert(0, 'mine')
  await acknowledged(writer.provider)
  // Ben’s copy has what Mira wrote while she was away, before the server does.
  const away = new Y.Doc()
  Y.applyUpdate(away, Y.encodeStateAsUpdate(writer.doc))
  writer.provider.destroy()
  away.clientID = writer.doc.clientID
  away.getText('content').insert(4, ' later')
  const reader = await (await testClient(ben)).open(doc)
  Y.applyUpdate(reader.doc, Y.encodeStateAsUpdate(away))
  reader.text.insert(reader.text.length, '!')
  await acknowledged(reader.provider)
  expect(await lettersOf(server, 'a.txt')).toEqual([
    ['mine', 'Mira'],
    [' later', 'Mira', 'via Ben'],
    ['!', 'Ben'],
  ])
  const clients = [writer.doc.clientID, reader.doc.clientID, 7]
  const answer = await restOf(server).post('/authors', { clients })
  expect(answer).toEqual({
    authors: [
      { client: clients[0], author: { id: mira.principal, name: 'Mira', kind: 'person' }, since: expect.any(Number) },
      { client: clients[1], author: { id: ben.principal, name: 'Ben', kind: 'person' }, since: expect.any(Number) },
    ],
  })
})

test('[AGT-120] whose a single message of a conversation is, and whether it came by somebody else', async () => {
  const server = await testServer()
  const [mira, ben] = [await join(server, 'runner', 'Mira'), await join(server, 'commenter', 'Ben')]
  const doc = { kind: 'chat', conversationId: createId() } as const
  const writer = await (await testClient(mira)).open(doc)
  writer.doc.getMap('messages').set('hers', 1)
  await acknowledged(writer.provider)
  const hers = writer.doc.clientID
  const reader = await (await testClient(ben)).open(doc)
  reader.doc.getMap('messages').set('his', 2)
  // In her name.
  const forged = new Y.Doc()
  Y.applyUpdate(forged, Y.encodeStateAsUpdate(reader.doc))
  forged.clientID = hers
  forged.getMap('messages').set('forged', 3)
  Y.applyUpdate(reader.doc, Y.encodeStateAsUpdate(forged))
  await acknowledged(reader.provider)
  const ask = (of: string, changes: { client: number; clock: number }[]) =>
    restOf(server).post('/authors/changes', { doc: of, changes })
  const his = reader.doc.clientID
  const changes = [
    { client: hers, clock: 0 },
    { client: hers, clock: 1 },
    { client: his, clock: 0 },
    { client: his, clock: 9 },
    { client: 7, clock: 0 },
  ]
  const of = (name: string, id: string) => ({ id, name, kind: 'person' })
  expect(await ask(`chat/${doc.conversationId}`, changes)).toEqual({
    changes: [
      { ...changes[0], author: of('Mira', mira.principal), isVia: false },
      { ...changes[1], author: of('Mira', mira.principal), isVia: true },
      { ...changes[2], author: of('Ben', ben.principal), isVia: false },
    ],
  })
  const init = { method: 'POST', body: JSON.stringify({ doc: 'ops', changes }) }
  expect((await server.inWorkspace('/authors/changes', init)).status).toBe(404)
})
