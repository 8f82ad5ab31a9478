import { createId, type FromDaemon, type Id } from '@tandem/shared'
import { expect, test } from 'vitest'
import { pass, setUp, watched } from './daemon.suite.ts'
import { runs } from './in-memory.suite.ts'
import { approvalLifeMs } from './questions.ts'

type Waits = Extract<FromDaemon, { t: 'park' }>['waits']

const about = (call: string) => ({
  call,
  action: 'bash',
  argsHash: `h-${call}`,
  summary: `rm ${call}`,
  reason: 'it removes',
  risk: 'high' as const,
})
const asks = (...calls: string[]): Waits => ({ questions: calls.map(about) })

/** A daemon that has begun a task, and parks it. */
async function begun(t: Awaited<ReturnType<typeof setUp>>, more: object = {}) {
  const id = await t.ask(runs('x', more))
  const start = async () => {
    const grant = await t.daemon.claim(id)
    const attempt = grant?.t === 'grant' ? grant.attempt : 0
    await t.daemon.report(id, attempt, 'running')
    return attempt
  }
  const attempt = await start()
  let n = 1_000
  const park = (waits: Waits, of = attempt, daemon: Id = t.daemon.id) =>
    t.referee.onMessage(daemon, { t: 'park', n: ++n, task: id, attempt: of, reason: 'it waits', waits })
  const task = () => {
    const found = t.tasks.get(id)
    if (!found) throw new Error('the task is gone')
    return found
  }
  const open = () => [...t.ops.approvals.snapshot().values()].filter(({ state }) => state === 'pending')
  return { id, start, park, task, open, acks: () => t.daemon.said('ack').filter((ack) => ack.n === n).length }
}

test('[TSK-240] a task that waits for people holds no slot, and goes on when the last of them has answered', async () => {
  const t = await setUp()
  const { id, park, task, open, start } = await begun(t)
  await park(asks('a', 'b'))
  expect(task()).toMatchObject({ state: 'awaiting_approval', reason: 'it waits', attempt: 1 })
  expect(task().lease).toBeUndefined()
  expect(task().attempts).toMatchObject([{ n: 1, outcome: 'parked', endedAt: expect.any(Number) as number }])
  expect(t.referee.holdsLease(t.daemon.id, id, 1)).toBe(false)
  const [first, second] = open()
  expect(first).toMatchObject({
    subject: { task: id, attempt: 1, call: 'a' },
    bootId: t.daemon.bootId,
    argsHash: 'h-a',
  })

  await t.ask({ kind: 'approve', approval: first?.id ?? '' })
  expect(task().state).toBe('awaiting_approval')
  await t.ask({ kind: 'reject', approval: second?.id ?? '', reason: 'not that one' })
  expect(task()).toMatchObject({ state: 'queued', queuedAt: t.clock.now() })
  expect(t.ops.approvals.get(second?.id ?? '')).toMatchObject({ state: 'rejected', comment: 'not that one' })
  expect(await start()).toBe(2)
  await t.daemon.report(id, 2, 'completed', 0)
  expect(task().attempts.map(({ outcome }) => outcome)).toEqual(['parked', 'completed'])
})

test('[TSK-240] a task that waits for a time goes on then, and its gate is not asked about again', async () => {
  const t = await watched()
  const id = await t.ask(runs('x', { gate: { summary: 'Sure?' } }))
  await t.ask({ kind: 'approve', approval: t.tasks.get(id)?.approvalId ?? '' })
  await t.daemon.claim(id)
  await t.daemon.report(id, 1, 'running')
  const runAt = t.clock.now() + 5_000
  await t.referee.onMessage(t.daemon.id, {
    t: 'park',
    n: 77,
    task: id,
    attempt: 1,
    reason: 'later',
    waits: { restMs: 5_000 },
  })
  expect(t.tasks.get(id)).toMatchObject({ state: 'scheduled', runAt, reason: 'later (goes on in 5 seconds)' })
  await pass(t.clock, 4_000)
  expect(t.tasks.get(id)?.state).toBe('scheduled')
  await pass(t.clock, 2_000)
  expect(t.tasks.get(id)?.state).toBe('queued')
})

test('[TSK-241] [S271] what nobody answers in time is no answer: the task goes on, once', async () => {
  const t = await watched()
  const { park, task, open } = await begun(t)
  await park(asks('a', 'b'))
  const [first] = open()
  await t.ask({ kind: 'approve', approval: first?.id ?? '' })
  await pass(t.clock, approvalLifeMs + 2_000)
  expect(open()).toEqual([])
  expect([...t.ops.approvals.snapshot().values()].map(({ state }) => state)).toEqual(['approved', 'expired'])
  expect(task().state).toBe('queued')
  expect(t.audited.filter((line) => line.startsWith('task.resume'))).toHaveLength(1)
})

test('[TSK-241] the same word once more asks nobody again', async () => {
  const t = await setUp()
  const { park, open, acks, task } = await begun(t)
  await park(asks('a'))
  await park(asks('a'))
  expect(acks()).toBe(1)
  expect(open()).toHaveLength(1)
  await t.ask({ kind: 'approve', approval: open()[0]?.id ?? '' })
  await park(asks('a'))
  expect(open()).toEqual([])
  expect(task().state).toBe('queued')
})

test('[TSK-242] neither another daemon nor an attempt that was given up parks a task, and a cancel ends it', async () => {
  const t = await setUp()
  const { id, park, task, open, acks } = await begun(t)
  await park(asks('a'), 1, createId())
  expect(task().state).toBe('running')
  await t.ask({ kind: 'cancel', task: id })
  await park(asks('a'))
  expect(task()).toMatchObject({ state: 'cancelled' })
  expect(acks()).toBe(1)
  expect(open()).toEqual([])
})

test('[TSK-242] the questions of a task that is cancelled while it waits are over', async () => {
  const t = await watched()
  const { id, park, open, task } = await begun(t)
  await park(asks('a', 'b'))
  await t.ask({ kind: 'cancel', task: id })
  expect(open()).toEqual([])
  await pass(t.clock, 2_000)
  expect(task().state).toBe('cancelled')
  await t.ask({ kind: 'retry', task: id })
  expect(task().state).toBe('queued')
})

test('[TSK-243] what waits for its time starts at once where a runner says so', async () => {
  const t = await watched()
  const id = await t.ask(runs('x', { delayMs: 3_600_000 }))
  const { ask } = t.asks(t.referee, 'editor')
  const inVain = await ask({ kind: 'wake', task: id })
  expect(t.refused.get(inVain)).toBe('running tasks needs the role runner')
  expect(t.tasks.get(id)?.state).toBe('scheduled')
  await t.ask({ kind: 'wake', task: id })
  expect(t.tasks.get(id)).toMatchObject({ state: 'queued' })
  expect(t.tasks.get(id)?.runAt).toBeUndefined()
  const again = await t.ask({ kind: 'wake', task: id })
  expect(t.refused.get(again)).toBe('there is no such task that waits for its time')
})
