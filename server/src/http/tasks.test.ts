import { createId, type Id } from '@tandem/shared'
import { expect, test } from 'vitest'
import { playDaemon } from '../test-daemon.ts'
import { join, post } from '../test-people.ts'
import { testServer, type TestServer } from '../test-server.ts'

type Shown = Record<string, unknown> & { id: Id; title: string }
const echo = { payload: { kind: 'command', command: 'echo', args: ['hi'] } }
const send = async (server: TestServer, route: string, body?: unknown, headers: Record<string, string> = {}) => {
  const init = body === undefined ? { method: 'POST' } : post(body)
  const answer = await server.inWorkspace(route, { ...init, headers })
  return { status: answer.status, said: (await answer.json()) as Shown & Record<string, unknown> }
}
const create = async (server: TestServer, input: object = {}) => {
  const { status, said } = await send(server, '/tasks', { ...echo, ...input })
  expect(status).toBe(201)
  return said
}
const list = async (server: TestServer, query: string) => {
  const answer = await server.inWorkspace(`/tasks?${query}`)
  expect(answer.status).toBe(200)
  return (await answer.json()) as { tasks: Shown[]; cursor?: string }
}
const titles = async (server: TestServer, query: string) => (await list(server, query)).tasks.map(({ title }) => title)
const problem = (status: number, detail: string | RegExp) => ({
  status,
  said: { status, detail: expect.stringMatching(detail) },
})

test('[TSK-120] the list is narrowed by status, state, kind, daemon, author, group and text', async () => {
  const server = await testServer()
  const daemon = await playDaemon(server, 'one')
  const group = createId()
  const runs = await create(server, { title: 'runs', groupId: group })
  const attempt = await daemon.begin(runs.id)
  await create(server, { title: 'waits', target: { daemonId: createId() } })
  await create(server, { title: 'thinks', payload: { kind: 'agent', prompt: 'Mend the Clock' } })
  const anna = await join(server, 'runner', 'Anna')
  await create(anna, { title: 'of anna', target: { daemonId: createId() } })
  expect(await titles(server, '')).toEqual(['of anna', 'thinks', 'waits', 'runs'])
  expect(await titles(server, 'status=pending')).toEqual(['of anna', 'thinks', 'waits'])
  expect(await titles(server, 'state=running')).toEqual(['runs'])
  expect(await titles(server, 'kind=agent')).toEqual(['thinks'])
  expect(await titles(server, `daemon=${daemon.id}`)).toEqual(['runs'])
  expect(await titles(server, 'author=Anna')).toEqual(['of anna'])
  expect(await titles(server, `author=${anna.principal}&status=running`)).toEqual([])
  expect(await titles(server, `group=${group}`)).toEqual(['runs'])
  expect(await titles(server, 'text=the%20clock')).toEqual(['thinks'])
  await attempt.end('completed')
  expect(await titles(server, `daemon=${daemon.id}&status=completed`)).toEqual(['runs'])
  expect((await server.inWorkspace('/tasks?state=nonsense')).status).toBe(422)
  expect((await server.inWorkspace('/tasks?cursor=nonsense')).status).toBe(422)
})

test('[TSK-120] pages neither repeat nor leave out, whatever is made between them', async () => {
  const server = await testServer()
  for (let i = 0; i < 5; i++) await create(server, { title: `t${i}` })
  const first = await list(server, 'limit=2')
  await create(server, { title: 'later' })
  const second = await list(server, `limit=2&cursor=${first.cursor}`)
  const third = await list(server, `limit=2&cursor=${second.cursor}`)
  expect([first, second, third].flatMap(({ tasks }) => tasks.map((t) => t.title))).toEqual([
    't4',
    't3',
    't2',
    't1',
    't0',
  ])
  expect(third.cursor).toBeUndefined()
})

test('[TSK-121] a key makes one task for a day, also after a restart and once the task has ended', async () => {
  const time = { aheadMs: 0 }
  const clock = {
    now: () => Date.now() + time.aheadMs,
    after: (ms: number, call: () => void) => {
      const timer = setTimeout(call, ms)
      return () => clearTimeout(timer)
    },
  }
  const first = await testServer({ clock })
  const headers = { 'idempotency-key': 'deploy-7' }
  const asked = { payload: { ...echo.payload, env: { A: '1', B: '2' } } }
  const made = await send(first, '/tasks', asked, headers)
  expect(made.status).toBe(201)
  expect(await send(first, '/tasks', asked, headers)).toMatchObject({ status: 200, said: { id: made.said.id } })
  const [one, two] = await Promise.all([1, 2].map(() => send(first, '/tasks', echo, { 'idempotency-key': 'at once' })))
  expect(one?.said.id).toBe(two?.said.id)
  await send(first, `/tasks/${made.said.id}/cancel`)
  await first.end()
  const server = await testServer({ clock, dataDir: first.dataDir, ownerKey: first.ownerKey })
  // The order in which a program writes the fields says nothing.
  const reordered = { payload: { args: ['hi'], env: { B: '2', A: '1' }, command: 'echo', kind: 'command' } }
  expect(await send(server, '/tasks', reordered, headers)).toMatchObject({
    status: 200,
    said: { id: made.said.id, state: 'cancelled' },
  })
  expect((await list(server, '')).tasks).toHaveLength(2)
})

test('[TSK-121] a key that stands for another task is refused, and so is one that the body contradicts', async () => {
  const server = await testServer()
  const headers = { 'idempotency-key': 'k' }
  await send(server, '/tasks', echo, headers)
  const other = { payload: { kind: 'command', command: 'true' } }
  expect(await send(server, '/tasks', other, headers)).toMatchObject(problem(422, /another|something else/))
  expect(await send(server, '/tasks', { ...other, idempotencyKey: 'k' })).toMatchObject(problem(422, 'something else'))
  expect(await send(server, '/tasks', { ...echo, idempotencyKey: 'x' }, headers)).toMatchObject(problem(422, 'differ'))
  expect(await send(server, '/tasks', echo, { 'idempotency-key': 'x'.repeat(201) })).toMatchObject(problem(422, '200'))
  // Everybody has keys of their own.
  const anna = await join(server, 'runner', 'Anna')
  expect((await send(anna, '/tasks', other, headers)).status).toBe(201)
  expect((await list(server, '')).tasks).toHaveLength(2)
})

test('[TSK-122] a task that waits says why and how many come before it', async () => {
  const server = await testServer()
  const task = await create(server)
  expect(task).toMatchObject({ waiting: { reason: 'no daemon has joined this workspace yet' } })
  const daemon = await playDaemon(server, 'one', { slots: 1 })
  await daemon.begin(task.id)
  const [second, third] = [await create(server), await create(server)]
  const shown = async ({ id }: Shown) => (await (await server.inWorkspace(`/tasks/${id}`)).json()) as Shown
  expect((await shown(second))['waiting']).toMatchObject({ reason: 'all slots of one are in use', ahead: 0 })
  expect((await shown(third))['waiting']).toMatchObject({ ahead: 1 })
  expect(await shown(task)).not.toHaveProperty('waiting')
  expect((await shown(task))['attempts']).toMatchObject([{ n: 1, startedAt: expect.stringMatching(/^\d{4}-.*Z$/) }])
})

test('[TSK-123] what a state does not allow is a conflict in words, and what is not there is not found', async () => {
  const server = await testServer()
  const { id } = await create(server)
  expect(await send(server, `/tasks/${id}/retry`)).toMatchObject(problem(409, 'ended'))
  expect(await send(server, `/tasks/${id}/cancel`, { force: 'yes' })).toMatchObject(problem(422, 'force'))
  expect(await send(server, `/tasks/${id}/cancel`)).toMatchObject({ status: 202, said: { state: 'cancelled' } })
  expect(await send(server, `/tasks/${id}/cancel`)).toMatchObject(problem(409, 'under way'))
  expect(await send(server, `/tasks/${id}/retry`)).toMatchObject({ status: 202, said: { id, state: 'queued' } })
  for (const verb of ['cancel', 'retry', 'rerun', 'duplicate', 'nonsense'])
    expect((await server.inWorkspace(`/tasks/${createId()}/${verb}`, { method: 'POST' })).status, verb).toBe(404)
  const anna = await join(server, 'editor', 'Anna')
  for (const verb of ['cancel', 'retry', 'rerun', 'duplicate'])
    expect((await send(anna, `/tasks/${id}/${verb}`)).status, verb).toBe(403)
})

test('[TSK-123] a rerun is the same as a task of its own, a duplicate may differ', async () => {
  const server = await testServer()
  const task = await create(server, { title: 'first', priority: 3, idempotencyKey: 'k' })
  await send(server, `/tasks/${task.id}/cancel`)
  const again = await send(server, `/tasks/${task.id}/rerun`)
  expect(again).toMatchObject({ status: 201, said: { title: 'first', priority: 3, rerunOf: task.id, state: 'queued' } })
  expect(again.said.id).not.toBe(task.id)
  const like = await send(server, `/tasks/${task.id}/duplicate`, { title: 'second' })
  expect(like).toMatchObject({ status: 201, said: { title: 'second', priority: 3, payload: echo.payload } })
  expect(like.said).not.toHaveProperty('idempotencyKey')
  expect((await send(server, `/tasks/${task.id}/duplicate`)).said).toMatchObject({ title: 'first' })
})

test('[TSK-124] many are cancelled at once, by name, by group, or all, and it has to be said which', async () => {
  const server = await testServer()
  const groupId = createId()
  const made = []
  for (const part of [{}, {}, { groupId }, { groupId }, {}]) made.push((await create(server, part)).id)
  const cancel = async (body: unknown) => (await send(server, '/tasks/cancel', body)).said['cancelled']
  expect(await send(server, '/tasks/cancel', {})).toMatchObject(problem(422, 'which'))
  expect(await cancel({ tasks: [made[0], createId()] })).toEqual([made[0]])
  expect(await cancel({ group: groupId })).toEqual([made[2], made[3]])
  expect(await cancel({ all: true })).toEqual([made[1], made[4]])
  expect(await send(server, '/tasks/cancel', { all: true })).toMatchObject(problem(409, 'under way'))
  expect(await titles(server, 'status=pending')).toEqual([])
})

test('[TSK-125] a daemon is told to begin nothing more by an owner or by whom it belongs to', async () => {
  const server = await testServer()
  const daemon = await playDaemon(server, 'one')
  const anna = await join(server, 'runner', 'Anna')
  expect(await send(anna, `/daemons/${daemon.id}/drain`)).toMatchObject(problem(403, 'another account'))
  expect(await send(server, `/daemons/${createId()}/drain`)).toMatchObject(problem(404, 'no such daemon'))
  expect(await send(server, `/daemons/${daemon.id}/drain`)).toMatchObject({ status: 202, said: { on: true } })
  expect(await create(server)).toMatchObject({ waiting: { reason: 'one begins nothing more' } })
  expect(await send(server, `/daemons/${daemon.id}/drain`, { on: false })).toMatchObject({ said: { on: false } })
  expect((await create(server))['waiting']).not.toMatchObject({ reason: 'one begins nothing more' })
})

test('[S143] [TSK-122] beyond the rate the answer is 429, and says when to come again', async () => {
  const server = await testServer({ flags: { tasksPerMinute: 1 } })
  await create(server)
  const refused = await server.inWorkspace('/tasks', post(echo))
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
  expect(refused.headers.get('content-type')).toBe('application/problem+json')
})
