import { createId, type Checkpoint, type CheckpointList, type RestoreAnswer, type VersionFiles } from '@tandem/shared'
import { openFiles } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import type { z } from 'zod'
import { eventually, join, makeKey } from '../test-people.ts'
import { idOf, restOf } from '../test-rest.ts'
import { acknowledged, testClient, testServer } from '../test-server.ts'

type Rest = ReturnType<typeof restOf>
const restore = ({ post }: Rest, body: object) => post<RestoreAnswer>('/restore', body)
const revert = ({ post }: Rest, body: object) => post<RestoreAnswer>('/revert', body)
const checkpoints = async ({ get }: Rest) => (await get<z.infer<typeof CheckpointList>>('/checkpoints')).checkpoints
/** Every file with its text. */
async function everything({ get, text }: Rest): Promise<Record<string, unknown>> {
  const { files } = await get<VersionFiles>('/versions/head/files')
  return Object.fromEntries(await Promise.all(files.map(async ({ path }) => [path, await text(path)])))
}

/** A workspace with a past: what it is now, and what it was at `version`. */
async function withPast() {
  const server = await testServer()
  const rest = restOf(server)
  const { create, replace, move, remove } = rest
  await create('edited.txt', 'one\n')
  await create('moved.txt', 'two\n')
  const { version } = await create('deleted.txt', 'three\n')
  const before = await everything(rest)
  await replace('edited.txt', 'ONE\n')
  await move('moved.txt', 'sub/moved.txt')
  await remove('deleted.txt')
  await create('since.txt', 'four\n')
  return { server, rest, version, before, now: await everything(rest) }
}

test('[LOG-26] [LOG-55] [LOG-57] the whole workspace comes back as it was, as one change of who asked, and can be taken back', async () => {
  const { server, rest, version, before: then, now } = await withPast()
  const mira = await join(server, 'editor', 'Mira')
  const before = (await rest.get<VersionFiles>('/versions/head/files')).version
  const answer = await restore(restOf(mira), { version })
  expect(await everything(rest)).toEqual(then)
  expect(answer.files.map(({ change, path }) => `${change} ${path}`).toSorted()).toEqual([
    'deleted since.txt',
    'edited edited.txt',
    'moved moved.txt',
    'restored deleted.txt',
  ])
  expect(answer.conflicts).toEqual([])
  const { steps } = await rest.get<{ steps: object[] }>('/history')
  expect(steps[0]).toMatchObject({ seq: answer.version, author: { name: 'Mira', cause: { restoredFrom: version } } })
  expect(await checkpoints(rest)).toMatchObject([
    { id: answer.checkpoint, kind: 'restore', seq: before, by: mira.principal, byName: 'Mira' },
  ])

  const undone = await revert(rest, answer.undo ?? {})
  expect(await everything(rest)).toEqual(now)
  await revert(rest, undone.undo ?? {})
  expect(await everything(rest)).toEqual(then)
  // Where all is as it was there is nothing to do, and nothing is written.
  const { version: head } = await rest.get<VersionFiles>('/versions/head/files')
  expect(await restore(rest, { version })).toEqual({ version: head, files: [], conflicts: [] })
})

test('[LOG-55] of one file, by path or id, or of a folder: the rest stays', async () => {
  const { server, rest, version, now } = await withPast()
  await restore(rest, { version, paths: ['edited.txt'] })
  expect(await everything(rest)).toEqual({ ...now, 'edited.txt': 'one\n' })
  await restore(rest, { version, files: [await idOf(server, 'sub/moved.txt')] })
  await restore(rest, { version, paths: ['deleted.txt', 'since.txt'] })
  expect(await everything(rest)).toEqual({ 'edited.txt': 'one\n', 'moved.txt': 'two\n', 'deleted.txt': 'three\n' })
  await restore(rest, { version: version - 1, paths: ['deleted.txt'] })
  await expect(restore(rest, { version, paths: ['nowhere.txt'] })).rejects.toThrow('404')
  await expect(restore(rest, { version: 10_000 })).rejects.toThrow('404')
})

test('[LOG-59] where something else stands by now nothing is changed, and each path is named', async () => {
  const { server, rest, version } = await withPast()
  await rest.create('deleted.txt', 'another\n')
  await rest.create('moved.txt/inside.txt', 'a folder\n')
  const before = await everything(rest)
  const named = await checkpoints(rest)
  const answer = await server.inWorkspace('/restore', {
    method: 'POST',
    body: JSON.stringify({ version, files: [await idOf(server, 'sub/moved.txt')], paths: ['edited.txt'] }),
  })
  expect(answer.status).toBe(409)
  expect(await answer.json()).toMatchObject({ code: 'conflict', errors: ['moved.txt: a folder is there now'] })
  const one = await rest.get<VersionFiles>(`/versions/${version}/files`)
  const deleted = one.files.find(({ path }) => path === 'deleted.txt')?.id
  await expect(restore(rest, { version, files: [deleted] })).rejects.toThrow('deleted.txt: something else is there now')
  expect(await everything(rest)).toEqual(before)
  expect(await checkpoints(rest)).toEqual(named)
  // The whole workspace can come back: what is in the way was made since, and goes.
  await restore(rest, { version })
  expect(Object.keys(await everything(rest)).toSorted()).toEqual(['deleted.txt', 'edited.txt', 'moved.txt'])
})

test('[LOG-56] what somebody types at the same moment, and before they hear of it, survives a restore', async () => {
  const server = await testServer()
  const rest = restOf(server)
  const { version } = await rest.create('a.txt', 'one\ntwo\nthree\n')
  await rest.replace('a.txt', 'ONE\ntwo\nthree\n')
  const client = await testClient(server)
  const editor = await client.open({ kind: 'file', fileId: await idOf(server, 'a.txt') })
  client.socket.disconnect()
  editor.text.insert(editor.text.length, 'four\n')
  await restore(rest, { version })
  await client.socket.connect()
  await acknowledged(editor.provider)
  await eventually(() => expect(editor.text.toString()).toBe('one\ntwo\nthree\nfour\n'))
  expect(await rest.text('a.txt')).toBe('one\ntwo\nthree\nfour\n')
})

test('[LOG-58] a revert takes back what happened between two versions and keeps what came later', async () => {
  const server = await testServer()
  const rest = restOf(server)
  const { create, replace, move } = rest
  const { version: from } = await create('a.txt', 'one\ntwo\nthree\n')
  await replace('a.txt', 'ONE\ntwo\nthree\n')
  await create('made.txt', 'made\n')
  const { version: to } = await create('touched.txt', 'touched\n')
  await replace('a.txt', 'ONE\ntwo\nTHREE\n')
  await move('a.txt', 'b.txt')
  await replace('touched.txt', 'touched later\n')
  const answer = await revert(rest, { from, to })
  // What was made in between goes, but not what somebody went on writing in.
  expect(await everything(rest)).toEqual({ 'b.txt': 'one\ntwo\nTHREE\n', 'touched.txt': 'touched later\n' })
  expect(answer.conflicts).toEqual(['touched.txt'])
  await revert(rest, answer.undo ?? {})
  expect(await everything(rest)).toEqual({
    'b.txt': 'ONE\ntwo\nTHREE\n',
    'touched.txt': 'touched later\n',
    'made.txt': 'made\n',
  })
})

test('[LOG-58] where both changed the same line both are kept, and the file is named', async () => {
  const server = await testServer()
  const rest = restOf(server)
  const { version: from } = await rest.create('a.txt', 'one\ntwo\n')
  const { version: to } = await rest.replace('a.txt', 'one\n2\n')
  await rest.replace('a.txt', 'one\nzwei\n')
  const answer = await revert(rest, { from, to, paths: ['a.txt'] })
  expect(answer.conflicts).toEqual(['a.txt'])
  expect(await rest.text('a.txt')).toBe('one\nzwei\ntwo\n')
})

test('[LOG-70] what is not shared is neither deleted nor brought back: it stays, and is named', async () => {
  const server = await testServer()
  const rest = restOf(server)
  const index = await (await testClient(server)).open({ kind: 'files' })
  const files = openFiles(index.doc)
  const facts = { size: 1, exec: false, eol: 'lf', bom: false } as const
  const blob = (path: string, hash: string) => files.create(path, 'blob', { ...facts, blob: hash })
  const [moved, changed, gone] = [blob('moved.png', 'a'), blob('changed.png', 'a'), blob('gone.png', 'a')]
  await acknowledged(index.provider)
  const { version } = await rest.create('a.txt', 'one')
  files.move(moved, 'elsewhere.png')
  files.setFacts(changed, { ...facts, blob: 'b' })
  files.remove(gone, { by: createId(), at: 1 })
  blob('made.png', 'a')
  await acknowledged(index.provider)
  const { version: to } = await rest.replace('a.txt', 'two')
  const answer = await restore(rest, { version })
  expect(answer.conflicts.toSorted()).toEqual(['changed.png', 'gone.png', 'made.png'])
  const { files: there } = await rest.get<VersionFiles>('/versions/head/files')
  expect(there.map(({ path }) => path)).toEqual(['a.txt', 'changed.png', 'made.png', 'moved.png'])
  const reverted = await revert(rest, { from: version, to })
  expect(reverted.conflicts.toSorted()).toEqual(['changed.png', 'gone.png', 'made.png'])
})

test('[LOG-62] [LOG-57] a version is given a name, shown to everybody, and the name taken away', async () => {
  const server = await testServer()
  const rest = restOf(server)
  const { version } = await rest.create('a.txt', 'one\n')
  await rest.replace('a.txt', 'two\n')
  const named = await rest.post<Checkpoint>('/checkpoints', { name: ' before ', version })
  expect(named).toMatchObject({ name: 'before', seq: version, kind: 'manual' })
  const latest = await rest.post<Checkpoint>('/checkpoints', { name: 'now' })
  expect(await checkpoints(rest)).toEqual([latest, named])
  const ops = await (await testClient(server)).open({ kind: 'ops' })
  expect(ops.doc.getMap('checkpoints').get(named.id)).toEqual(named)
  expect((await server.inWorkspace(`/checkpoints/${named.id}`, { method: 'DELETE' })).status).toBe(204)
  expect((await server.inWorkspace(`/checkpoints/${named.id}`, { method: 'DELETE' })).status).toBe(404)
  expect(await checkpoints(rest)).toEqual([latest])
  await expect(rest.post('/checkpoints', { name: ' ' })).rejects.toThrow('422')
  await expect(rest.post('/checkpoints', { name: 'x', version: 10_000 })).rejects.toThrow('404')
})

test('[LOG-67] who may only read sees the past and brings nothing back; who brings back is in the audit', async () => {
  const { server, rest, version } = await withPast()
  const viewer = await join(server, 'viewer')
  const reads = restOf(viewer)
  const ways = ['/history', '/versions/head/files', '/versions/head/files/edited.txt', '/diff?from=1', '/checkpoints']
  for (const route of [...ways, '/versions/head/blame/edited.txt']) {
    expect((await viewer.inWorkspace(route)).status).toBe(200)
    expect((await fetch(`${server.url}/api/v1/workspaces/${server.workspaceId}${route}`)).status).toBe(401)
  }
  expect(await reads.post('/authors', { clients: [1] })).toEqual({ authors: [] })
  await expect(restore(reads, { version })).rejects.toThrow('403')
  await expect(revert(reads, { from: 0, to: version })).rejects.toThrow('403')
  await expect(reads.post('/checkpoints', { name: 'x' })).rejects.toThrow('403')
  const readingKey = await makeKey(server, { scopes: ['read'] })
  expect((await readingKey.inWorkspace('/history')).status).toBe(200)
  await expect(restore(restOf(readingKey), { version })).rejects.toThrow('403')

  const answer = await restore(rest, { version })
  await revert(rest, answer.undo ?? {})
  const { id } = await rest.post<Checkpoint>('/checkpoints', { name: 'x' })
  await server.inWorkspace(`/checkpoints/${id}`, { method: 'DELETE' })
  const { entries } = await rest.get<{ entries: { action: string; details?: object }[] }>('/audit')
  const actions = entries.map(({ action }) => action).filter((action) => /^(history|checkpoint)\./.test(action))
  expect(actions).toEqual(['checkpoint.removed', 'checkpoint.made', 'history.revert', 'history.restore'])
})
