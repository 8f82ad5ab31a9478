import { createId, type Id } from '@tandem/shared'
import { expect, test } from 'vitest'
import { playDaemon } from '../test-daemon.ts'
import { makeKey, post } from '../test-people.ts'
import { testServer, type TestServer } from '../test-server.ts'

const get = async (server: TestServer, route: string) =>
  (await (await server.api(`/api/cockpit${route}`)).json()) as Record<string, unknown>

test('[S99] [S100] [S101] [S102] [S104] [S121] [S283] [TSK-129] a task is asked for in the founding shape, its command a shell line', async () => {
  const server = await testServer()
  const body = { title: 'Run the tests', executor: 'subagent', payload: { command: 'npm test | tail -1' } }
  const made = await server.api('/api/cockpit/tasks', { ...post(body), headers: { 'idempotency-key': 'k' } })
  expect(made.status).toBe(201)
  const task = (await made.json()) as { id: Id }
  expect(task).toMatchObject({
    title: 'Run the tests',
    executor: 'subagent',
    status: 'pending',
    prompt: 'npm test | tail -1',
    payload: { kind: 'command', command: 'npm test | tail -1', shell: true, args: [] },
    workspaceId: server.workspaceId,
    userId: (await server.access()).claims.principal,
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
  })
  const again = await server.api('/api/cockpit/tasks', { ...post(body), headers: { 'idempotency-key': 'k' } })
  expect([again.status, await again.json()]).toMatchObject([200, { id: task.id }])
  const whole = { payload: { kind: 'agent', prompt: 'Mend it' }, workspaceId: server.workspaceId }
  expect(await (await server.api('/api/cockpit/tasks', post(whole))).json()).toMatchObject({ prompt: 'Mend it' })
  expect((await server.api('/api/cockpit/tasks', post({ ...body, workspaceId: createId() }))).status).toBe(404)
  expect((await server.api('/api/cockpit/tasks', post({ payload: { command: '' } }))).status).toBe(422)
})

test('[S282] [TSK-129] tasks are listed by status and executor, in pages, with how they ended', async () => {
  const server = await testServer()
  const daemon = await playDaemon(server, 'one')
  const ask = async (executor: string) => {
    const body = { executor, payload: { command: 'true' } }
    return ((await (await server.api('/api/cockpit/tasks', post(body))).json()) as { id: Id }).id
  }
  const [first, second, third] = [await ask('daemon'), await ask('agent'), await ask('daemon')]
  await (
    await daemon.begin(first)
  ).end('failed', {
    exitCode: 2,
    error: 'it broke',
    output: { bytes: 3, truncated: false, tail: 'oh\n' },
  })
  const ids = async (query: string) =>
    ((await get(server, `/tasks?${query}`))['tasks'] as { id: Id }[]).map(({ id }) => id)
  expect(await ids('status=pending')).toEqual([third, second])
  expect(await ids('executor=daemon')).toEqual([third, first])
  expect(await ids(`status=failed&executor=daemon&workspaceId=${server.workspaceId}`)).toEqual([first])
  const page = await get(server, '/tasks?limit=1')
  expect(page).toMatchObject({ tasks: [{ id: third }], cursor: third })
  expect(await ids(`limit=1&cursor=${String(page['cursor'])}`)).toEqual([second])
  expect(await get(server, '/tasks?status=failed')).toMatchObject({
    tasks: [{ output: 'oh\n', error: 'it broke', completedAt: expect.stringMatching(/Z$/) }],
  })
  expect((await server.api(`/api/cockpit/tasks?workspaceId=${createId()}`)).status).toBe(404)
})

test('[S56] [S98] [S289] [TSK-129] agents are counted, with what they can and how they fare', async () => {
  const server = await testServer()
  expect(await get(server, '/agents')).toEqual({ agents: [], count: 0 })
  const daemon = await playDaemon(server, 'one', { capabilities: ['node'] })
  const agent = {
    agentId: daemon.id,
    name: 'one',
    connectedAt: expect.stringMatching(/Z$/),
    lastPingAt: expect.any(String),
  }
  expect(await get(server, '/agents')).toMatchObject({ agents: [{ ...agent, status: 'idle', running: 0 }], count: 1 })
  const made = await server.api('/api/cockpit/tasks', post({ payload: { command: 'true' } }))
  await daemon.begin(((await made.json()) as { id: Id }).id)
  expect(await get(server, '/agents')).toMatchObject({
    agents: [{ status: 'busy', running: 1, capabilities: ['node'] }],
  })
  const reader = await makeKey(server, { scopes: ['read'] })
  expect((await reader.api('/api/cockpit/agents')).status).toBe(403)
  expect((await reader.api('/api/cockpit/tasks')).status).toBe(403)
})

test('[TSK-129] what comes later says so', async () => {
  const server = await testServer()
  for (const route of ['repos', 'alerts', 'alerts/ack/x'])
    expect(await get(server, `/${route}`), route).toMatchObject({
      status: 404,
      detail: expect.stringContaining('later'),
    })
})
