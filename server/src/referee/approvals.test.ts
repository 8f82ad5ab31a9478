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
