import { createId, type Id } from '@tandem/shared'
import { expect, test, vi } from 'vitest'
import { playDaemon } from '../test-daemon.ts'
import { join, makeKey, post } from '../test-people.ts'
import { testServer, type TestServer } from '../test-server.ts'

const patience = { timeout: 10_000, interval: 5 }
type Shown = { approvals: ({ id: Id; state: string } & Record<string, unknown>)[] }

const pendingOf = async (server: TestServer) =>
  ((await (await server.inWorkspace('/approvals?state=pending')).json()) as Shown).approvals
const create = async (server: TestServer, more: object = {}) => {
  const task = { payload: { kind: 'command', command: 'rm', args: ['a'], cwd: 'src' }, artifacts: ['dist/**'], ...more }
  return ((await (await server.inWorkspace('/tasks', post(task))).json()) as { id: Id }).id
}
const stateOf = async (server: TestServer, id: Id) =>
  (await (await server.inWorkspace(`/tasks/${id}`)).json()) as Record<string, unknown>

test('[TSK-205] what waits for a yes is listed with all that is asked, and answered once', async () => {
  const server = await testServer()
  const daemon = await playDaemon(server, 'one')
  const id = await create(server)
  daemon.say({ t: 'ask', n: 90, task: id, argsHash: 'x', summary: 'rm a', reason: 'rm deletes files.', risk: 'high' })
  await vi.waitFor(async () => expect(await pendingOf(server)).toHaveLength(1), patience)
  const [asked] = await pendingOf(server)
  expect(asked).toMatchObject({
    subject: { task: id },
    reason: 'rm deletes files.',
    expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    asks: { payload: { command: 'rm', args: ['a'], cwd: 'src' }, timeoutMs: 30_000, artifacts: ['dist/**'] },
  })
  const approval = asked?.id ?? ''
  const yes = await server.inWorkspace(`/approvals/${approval}/approve`, post({ comment: 'go on' }))
  expect(await yes.json()).toMatchObject({ state: 'approved', scope: 'once', comment: 'go on', by: expect.any(String) })
  expect(await stateOf(server, id)).toMatchObject({ state: 'queued' })
  const late = await server.inWorkspace(`/approvals/${approval}/reject`, post({}))
  expect([late.status, ((await late.json()) as { detail: string }).detail]).toEqual([
    409,
    expect.stringContaining('the question is no longer open'),
  ])
  expect(await pendingOf(server)).toEqual([])
})

test('[TSK-205] a no ends the task with its reason, and only who may run tasks answers', async () => {
  const server = await testServer()
  const id = await create(server, { gate: { summary: 'Sure?' } })
  const { approvalId } = await stateOf(server, id)
  const route = `/approvals/${String(approvalId)}/reject`
  const [viewer, reader] = [await join(server, 'viewer'), await makeKey(server, { scopes: ['read'] })]
  expect((await viewer.inWorkspace('/approvals')).status).toBe(200)
  for (const { inWorkspace } of [viewer, reader])
    expect((await inWorkspace(route, { method: 'POST' })).status).toBe(403)
  expect((await server.inWorkspace(`/approvals/${createId()}/approve`, { method: 'POST' })).status).toBe(404)
  expect((await server.inWorkspace(route, post({ comment: 'not today' }))).status).toBe(200)
  expect(await stateOf(server, id)).toMatchObject({
    state: 'cancelled',
    reason: expect.stringContaining('said no: not today'),
  })
})

test('[SBX-274] a yes for the workspace is listed, and taken back by who may run tasks', async () => {
  const server = await testServer()
  const daemon = await playDaemon(server, 'one')
  const id = await create(server)
  daemon.say({ t: 'ask', n: 90, task: id, argsHash: 'x', summary: 'rm a', reason: 'rm deletes files.', risk: 'high' })
  await vi.waitFor(async () => expect(await pendingOf(server)).toHaveLength(1), patience)
  const route = `/approvals/${(await pendingOf(server))[0]?.id}`
  expect((await server.inWorkspace(`${route}/revoke`, { method: 'POST' })).status).toBe(409)
  await server.inWorkspace(`${route}/approve`, post({ scope: 'workspace' }))
  const listed = (await (await server.inWorkspace('/approvals?state=approved')).json()) as Shown
  expect(listed.approvals).toEqual([expect.objectContaining({ scope: 'workspace', summary: 'rm a' })])
  const viewer = await join(server, 'viewer')
  expect((await viewer.inWorkspace(`${route}/revoke`, { method: 'POST' })).status).toBe(403)
  const revoked = await server.inWorkspace(`${route}/revoke`, { method: 'POST' })
  expect(await revoked.json()).toMatchObject({ state: 'revoked', scope: 'workspace' })
})
