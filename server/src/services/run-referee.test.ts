import { createId, docPath, readSettings, silentLog, type Task } from '@tandem/shared'
import { openRequests, openTasks } from '@tandem/shared/docs'
import { expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { taskOf } from '../referee/in-memory.suite.ts'
import { openLog } from '../store/log.ts'
import { openMemoryStore } from '../store/memory.ts'
import { Workspace } from '../store/workspace.ts'
import { maxAtOnce } from './run-referee.ts'
import { acknowledged, testClient, testServer, type TestServer } from '../test-server.ts'

const task = { title: 'hi', payload: { kind: 'command', command: 'echo' } } as const

async function tasksOf(server: TestServer) {
  const { doc } = await (await testClient(server)).open({ kind: 'tasks', rotation: 0 })
  const tasks = openTasks(doc)
  return { find: (id: string): Task | undefined => tasks.get(id), all: () => [...tasks.snapshot().keys()] }
}

test('[S102] a request becomes a task in the name of who asked, once, and is dropped', async () => {
  const server = await testServer()
  const client = await testClient(server, { name: 'Anna' })
  const { principal, session } = client.claims
  const own = await client.open({ kind: 'requests', principal, session })
  const requests = openRequests(own.doc)
  const id = requests.ask({ kind: 'create', task })
  const tasks = await tasksOf(server)
  await vi.waitFor(() =>
    expect(tasks.find(id)).toMatchObject({ state: 'queued', createdBy: principal, createdByName: 'Anna' }),
  )
  await vi.waitFor(() => expect(requests.snapshot().size).toBe(0))
  // A replica that had not heard of the dropping sends it again.
  own.doc.getMap('requests').set(id, { v: 1, body: { kind: 'create', task: { ...task, title: 'again' } }, clientAt: 1 })
  await acknowledged(own.provider)
  await vi.waitFor(() => expect(requests.snapshot().size).toBe(0))
  expect(tasks.all()).toEqual([id])
  expect(tasks.find(id)?.title).toBe('hi')
})

test('[S102] what was asked for while the server was going down is decided when it is up again', async () => {
  const store = openMemoryStore()
  const first = await testServer({ store })
  await first.access()
  await first.end()
  const { ownerId } = Workspace.parse(await store.read('meta', 'workspace'))
  const doc = new Y.Doc()
  const id = openRequests(doc).ask({ kind: 'create', task })
  const log = await openLog({ store, settings: readSettings({}), log: silentLog })
  await log.append(`requests/${ownerId}/${createId()}`, Y.encodeStateAsUpdate(doc), {
    author: ownerId,
    origin: 'socket',
  }).durable

  const second = await testServer({ store, ownerKey: first.ownerKey })
  const tasks = await tasksOf(second)
  await vi.waitFor(() => expect(tasks.find(id)?.state).toBe('queued'))
})

test('[ACC-20] whoever is no member makes nothing run', async () => {
  const store = openMemoryStore()
  const first = await testServer({ store })
  await first.end()
  const doc = new Y.Doc()
  openRequests(doc).ask({ kind: 'create', task })
  const stranger = createId()
  const log = await openLog({ store, settings: readSettings({}), log: silentLog })
  await log.append(`requests/${stranger}/${createId()}`, Y.encodeStateAsUpdate(doc), {
    author: stranger,
    origin: 'socket',
  }).durable
  const second = await testServer({ store, ownerKey: first.ownerKey })
  await vi.waitFor(() =>
    expect(second.lines).toContainEqual(expect.objectContaining({ msg: 'request refused', actor: stranger })),
  )
  expect((await tasksOf(second)).all()).toEqual([])
})

test('[S143] [ACC-33] tasks are created at a bounded rate, by REST and by requests, and the refusal says when to come again', async () => {
  const server = await testServer({ flags: { tasksPerMinute: 2 } })
  const post = () => server.inWorkspace('/tasks', { method: 'POST', body: JSON.stringify(task) })
  expect([(await post()).status, (await post()).status]).toEqual([201, 201])
  const refused = await post()
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(25)
  expect(await refused.json()).toMatchObject({ code: 'rate-limited', detail: expect.stringContaining('perMinute 2') })
  const client = await testClient(server)
  const { principal, session } = client.claims
  const requests = openRequests((await client.open({ kind: 'requests', principal, session })).doc)
  requests.ask({ kind: 'create', task })
  await vi.waitFor(() =>
    expect(server.lines).toContainEqual(expect.objectContaining({ msg: 'request refused', actor: principal })),
  )
  expect((await tasksOf(server)).all()).toHaveLength(2)
})

test('[UI-200] what the referee will not do stays with whoever asked, with its words, until they have seen it', async () => {
  const server = await testServer()
  const client = await testClient(server)
  const { principal, session } = client.claims
  const own = await client.open({ kind: 'requests', principal, session })
  const requests = openRequests(own.doc)
  const refused = (id: string) => requests.refusals.snapshot().get(id)
  const strange = createId()
  const create = { kind: 'create' as const, task: { ...task, dependsOn: [strange] } }
  const script = { kind: 'bash' as const, script: 'x'.repeat(90_000) }
  const [made, cancelled, retried, again, large] = [
    requests.ask(create),
    requests.ask({ kind: 'cancel', task: strange }),
    requests.ask({ kind: 'retry', task: strange }),
    requests.ask({ kind: 'rerun', task: strange }),
    requests.ask({ kind: 'create', task: { title: 'large', payload: script, dependsOn: [strange] } }),
  ]
  await vi.waitFor(() => expect(requests.refusals.snapshot().size).toBe(5))
  expect(refused(again)?.reason).toBe('there is no such task')
  expect(refused(made)).toMatchObject({
    reason: `it depends on a task that is not there: ${strange}`,
    body: create,
  })
  expect(refused(cancelled)?.reason).toBe('there is no such task under way')
  expect(refused(retried)?.reason).toBe('there is no such task that has ended')
  // As much as a page can do without.
  expect(Object.keys(refused(large) ?? {}).toSorted()).toEqual(['at', 'id', 'kind', 'reason'])
  await vi.waitFor(() => expect(requests.snapshot().size).toBe(0))
  requests.dismiss([made, cancelled, large])
  await acknowledged(own.provider)
  // Nobody else's, and still there for another page of theirs.
  const other = await (await testClient(server)).open({ kind: 'requests', principal, session })
  await vi.waitFor(() =>
    expect([...openRequests(other.doc).refusals.snapshot().keys()].toSorted()).toEqual([retried, again].toSorted()),
  )
})

test('[UI-200] whoever asks by REST has the words in the answer, and nothing is left in a document', async () => {
  const store = openMemoryStore()
  const server = await testServer({ store })
  const body = JSON.stringify({ ...task, dependsOn: [createId()] })
  const answer = await server.inWorkspace('/tasks', { method: 'POST', body })
  expect(answer.status).toBe(409)
  await server.end()
  const log = await openLog({ store, settings: readSettings({}), log: silentLog })
  const [name = '', ...others] = log.names('requests/')
  expect([name, others]).toEqual([expect.stringContaining('requests/'), []])
  const doc = new Y.Doc()
  Y.applyUpdate(doc, (await log.load(name)) ?? new Uint8Array())
  const { refusals, snapshot } = openRequests(doc)
  expect([refusals.snapshot().size, snapshot().size]).toEqual([0, 0])
})

test('[ACC-33] of a flood of requests at once the first thousand are decided, the rest refused in one word', async () => {
  const server = await testServer()
  const client = await testClient(server)
  const { principal, session } = client.claims
  const own = await client.open({ kind: 'requests', principal, session })
  const requests = openRequests(own.doc)
  own.doc.transact(() => {
    for (let i = 0; i < maxAtOnce + 30; i++) requests.ask({ kind: 'cancel', task: createId() })
  })
  await vi.waitFor(() => expect(requests.snapshot().size).toBe(0), 10_000)
  const said = server.lines.filter(({ msg }) => msg === 'request refused')
  expect(said).toContainEqual(expect.objectContaining({ reason: 'too many requests at once', times: 30 }))
  expect(said.length).toBeLessThanOrEqual(21)
  // Why is kept for the last of them, not for a thousand.
  await vi.waitFor(() => expect(requests.refusals.snapshot().size).toBe(50))
})

test('[S288] [TSK-55] [TSK-164] [TSK-204] a task that ended long ago leaves the document, and is read from the archive, also after a restart', async () => {
  const store = openMemoryStore()
  const first = await testServer({ store })
  await first.access()
  await first.end()
  const { ownerId, serverId } = Workspace.parse(await store.read('meta', 'workspace'))
  const doc = new Y.Doc()
  const old = taskOf('completed', { createdBy: ownerId, completedAt: 1, idempotencyKey: 'k', title: 'long ago' })
  openTasks(doc).set(old.id, old)
  const log = await openLog({ store, settings: readSettings({}), log: silentLog })
  const tasksDoc = docPath({ kind: 'tasks', rotation: 0 })
  await log.append(tasksDoc, Y.encodeStateAsUpdate(doc), { author: serverId, origin: 'server' }).durable

  const second = await testServer({ store, ownerKey: first.ownerKey })
  const tasks = await tasksOf(second)
  await vi.waitFor(() => expect(tasks.all()).toEqual([]), 10_000)
  await second.end()
  const third = await testServer({ store, ownerKey: first.ownerKey })
  expect((await tasksOf(third)).all()).toEqual([])
  const answer = await third.inWorkspace(`/tasks/${old.id}`)
  expect(await answer.json()).toMatchObject({ id: old.id, title: 'long ago', status: 'completed' })
  // So is what its key stands for, also once whoever asks is not remembered any more.
  const asking = { method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': 'k' } }
  const again = await third.inWorkspace('/tasks', { ...asking, body: JSON.stringify({ payload: old.payload }) })
  expect([again.status, await again.json()]).toMatchObject([200, { id: old.id }])
  const rerun = await third.inWorkspace(`/tasks/${old.id}/rerun`, { method: 'POST' })
  const made = (await rerun.json()) as Record<string, unknown>
  expect([rerun.status, made]).toMatchObject([201, { title: 'long ago', state: 'queued', rerunOf: old.id }])
  expect(made['id']).not.toBe(old.id)
})
