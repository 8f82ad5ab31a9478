import { expect, test } from 'vitest'
import { daemonOf, setUp } from './daemon.suite.ts'
import { runs } from './in-memory.suite.ts'

const dayMs = 24 * 3_600_000

test('[TSK-56] a question that was answered is dropped after 7 days, once its task has ended', async () => {
  const { ask, tasks, ops, clock } = await setUp()
  const gated = async () => {
    const id = await ask(runs('ls', { gate: { summary: 'Sure?' } }))
    const approval = tasks.get(id)?.approvalId ?? ''
    return { id, approval }
  }
  const [ended, waits, refused] = [await gated(), await gated(), await gated()]
  for (const { approval } of [ended, waits]) await ask({ kind: 'approve', approval })
  await ask({ kind: 'reject', approval: refused.approval })
  await ask({ kind: 'cancel', task: ended.id })
  clock.advance(7 * dayMs)
  const open = await gated()
  expect(ops.approvals.snapshot().size).toBe(4)
  clock.advance(1)
  const newest = await gated()
  expect([...ops.approvals.snapshot().keys()]).toEqual([waits, open, newest].map(({ approval }) => approval))
  expect(tasks.get(waits.id)?.state).toBe('queued')
})

test('[TSK-185] of a task that is meant for one daemon no other asks, and none refuses it', async () => {
  const t = await setUp()
  const other = await daemonOf(t, t.referee)
  const id = await t.ask(runs('ls', { target: { daemonId: t.daemon.id } }))
  await other.ask(id)
  await other.refuse(id)
  expect(t.tasks.get(id)?.state).toBe('queued')
  await t.daemon.ask(id)
  expect(t.tasks.get(id)?.state).toBe('awaiting_approval')
})

test('[SBX-274] a yes for longer is remembered until it is taken back, one for the workspace for good', async () => {
  const { ask, asks, referee, daemon, tasks, ops, clock, audited, refused } = await setUp()
  const allowed = async (scope: 'once' | 'session' | 'workspace') => {
    const id = await ask(runs('rm'))
    await daemon.ask(id)
    const approval = tasks.get(id)?.approvalId ?? ''
    await ask({ kind: 'approve', approval, scope })
    return { id, approval }
  }
  const [once, session, workspace] = [await allowed('once'), await allowed('session'), await allowed('workspace')]
  expect(ops.approvals.get(session.approval)).toMatchObject({ scope: 'session', bootId: daemon.bootId })

  await asks(referee, 'editor').ask({ kind: 'revoke', approval: session.approval })
  expect(ops.approvals.get(session.approval)?.state).toBe('approved')
  const inVain = await ask({ kind: 'revoke', approval: once.approval })
  expect(refused.get(inVain)).toBe('there is no such approval that still holds')
  await ask({ kind: 'revoke', approval: session.approval })
  expect(ops.approvals.get(session.approval)).toMatchObject({ state: 'revoked', byName: 'Mira' })
  expect(audited).toContain(`approval.revoke ${session.approval}`)
  // What waited for a slot by it has to ask anew.
  await daemon.ask(session.id)
  expect(tasks.get(session.id)?.state).toBe('awaiting_approval')

  for (const { id } of [once, session, workspace]) await ask({ kind: 'cancel', task: id })
  clock.advance(8 * dayMs)
  const newest = await allowed('once')
  expect([...ops.approvals.snapshot().keys()]).toContain(workspace.approval)
  expect([...ops.approvals.snapshot().keys()]).not.toContain(session.approval)
  await ask({ kind: 'revoke', approval: workspace.approval })
  clock.advance(8 * dayMs)
  const last = await allowed('once')
  expect([...ops.approvals.snapshot().keys()]).toEqual(expect.arrayContaining([newest.approval, last.approval]))
  expect(ops.approvals.get(workspace.approval)).toBeUndefined()
})
