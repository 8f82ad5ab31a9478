import { createId, TaskInput } from '@tandem/shared'
import { expect, test } from 'vitest'
import { approvalLifeMs } from './questions.ts'
import { daemonOf, pass, setUp } from './daemon.suite.ts'
import { runs } from './in-memory.suite.ts'

test('[S107] [S113] [TSK-21] a task is queued, granted, runs, and its report completes it', async () => {
  const { ask, daemon, tasks, audited } = await setUp()
  const id = await ask(runs())
  expect(tasks.get(id)).toMatchObject({ state: 'queued', timeoutMs: 30_000, createdByName: 'Mira' })
  expect(await daemon.claim(id)).toMatchObject({ t: 'grant', attempt: 1, grantSeq: 1, mono: 7, leaseMs: 30_000 })
  await daemon.report(id, 1, 'running')
  expect(tasks.get(id)?.state).toBe('running')
  await daemon.report(id, 1, 'completed', 0)
  expect(tasks.get(id)).toMatchObject({
    state: 'completed',
    result: { exitCode: 0 },
    attempts: [{ n: 1, outcome: 'completed' }],
  })
  expect(daemon.said('ack')).toHaveLength(2)
  expect(audited).toEqual(['create', 'grant', 'start', 'end'].map((verb) => `task.${verb} ${id}`))
})

test('[S106] [TSK-17] a fourth task waits until a slot is free', async () => {
  const { ask, daemon } = await setUp()
  const ids = [await ask(runs()), await ask(runs()), await ask(runs()), await ask(runs())] as const
  for (const id of ids.slice(0, 3)) expect((await daemon.claim(id))?.t).toBe('grant')
  expect(await daemon.claim(ids[3])).toMatchObject({ t: 'no-grant', reason: 'all slots are in use' })
  await daemon.report(ids[0], 1, 'failed', 1)
  expect((await daemon.claim(ids[3]))?.t).toBe('grant')
})

test('[S114] [TSK-1] of two daemons that claim one task, one gets it', async () => {
  const t = await setUp()
  const other = await daemonOf(t, t.referee)
  const id = await t.ask(runs())
  const answers = await Promise.all([t.daemon.claim(id), other.claim(id)])
  expect(new Set(answers.map((a) => a?.t))).toEqual(new Set(['grant', 'no-grant']))
  expect(t.referee.holdsLease(t.daemon.id, id, 1)).toBe(true)
  expect(t.referee.holdsLease(other.id, id, 1)).toBe(false)
  expect(t.referee.holdsLease(t.daemon.id, id, 2)).toBe(false)
  expect([t.daemon.id, other.id].map((each) => t.referee.holdsLease(each, id))).toEqual([true, false])
})

test('[TSK-1] a claim repeated because its answer got lost brings the same grant', async () => {
  const { ask, daemon } = await setUp()
  const id = await ask(runs())
  expect(await daemon.claim(id)).toMatchObject({ attempt: 1, grantSeq: 1 })
  expect(await daemon.claim(id)).toMatchObject({ attempt: 1, grantSeq: 1 })
})

test('[TSK-3] a report counts once, for the current attempt and from its holder', async () => {
  const t = await setUp()
  const other = await daemonOf(t, t.referee)
  const id = await t.ask(runs())
  await t.daemon.claim(id)
  await other.report(id, 1, 'completed', 0)
  await t.daemon.report(id, 2, 'completed', 0)
  expect(t.tasks.get(id)?.state).toBe('leased')
  await t.daemon.report(id, 1, 'failed', 3)
  await t.daemon.report(id, 1, 'completed', 0)
  expect(t.tasks.get(id)).toMatchObject({ state: 'failed', result: { exitCode: 3 } })
  expect(t.daemon.said('ack')).toHaveLength(3)
})

test('[TSK-4] a waiting task is cancelled at once, a running one by its daemon', async () => {
  const { ask, daemon, tasks } = await setUp()
  const [waiting, running] = [await ask(runs()), await ask(runs())]
  await daemon.claim(running)
  await ask({ kind: 'cancel', task: waiting })
  await ask({ kind: 'cancel', task: running })
  expect(tasks.get(waiting)?.state).toBe('cancelled')
  expect(await daemon.claim(waiting)).toMatchObject({ t: 'no-grant', reason: 'the task is cancelled' })
  expect(tasks.get(running)?.state).toBe('cancelling')
  expect(daemon.said('cancel')).toEqual([{ t: 'cancel', task: running, attempt: 1, force: false }])
  await daemon.report(running, 1, 'cancelled')
  expect(tasks.get(running)).toMatchObject({ state: 'cancelled', cancel: { force: false } })
})

test('[TSK-5] one idempotency key makes one task, and one request is folded once', async () => {
  const t = await setUp()
  await t.ask(runs('ls', { idempotencyKey: 'k' }))
  await t.ask(runs('ls', { idempotencyKey: 'k' }))
  const id = await t.ask(runs())
  await t.ask(runs('pwd'), id)
  expect(t.tasks.snapshot().size).toBe(2)
  expect(t.tasks.get(id)?.title).toBe('ls')
})

test('[TSK-5] requests of one batch see each other: created and cancelled offline, nothing ever runs', async () => {
  const { referee, by, tasks } = await setUp()
  const [id, cancel] = [createId(), createId()]
  const requests = new Map([
    [cancel, { v: 1 as const, clientAt: 0, body: { kind: 'cancel' as const, task: id, force: false } }],
    [
      id,
      {
        v: 1 as const,
        clientAt: 0,
        body: {
          kind: 'create' as const,
          task: {
            ...runs().task,
            executor: 'daemon' as const,
            priority: 0,
            requires: [],
            onLost: 'keep' as const,
            payload: { kind: 'command' as const, command: 'ls', args: [], cwd: '', shell: false },
          },
        },
      },
    ],
  ])
  expect(await referee.fold(by, requests)).toEqual([id, cancel])
  expect(tasks.get(id)?.state).toBe('cancelled')
})

test('[ACC-20] below the role runner nobody makes anything run', async () => {
  const t = await setUp()
  const editor = t.asks(t.referee, 'editor')
  await editor.ask(runs())
  expect(t.tasks.snapshot().size).toBe(0)
  expect(t.audited.at(-1)).toContain('request.create.refused')
  const id = await t.ask(runs())
  await editor.ask({ kind: 'cancel', task: id })
  expect(t.tasks.get(id)?.state).toBe('queued')
  await t.daemon.ask(id)
  const approval = t.tasks.get(id)?.approvalId ?? ''
  await editor.ask({ kind: 'approve', approval })
  expect(t.ops.approvals.get(approval)?.state).toBe('pending')
})

test('[S269] a task that needs approval waits without a slot, and runs once someone allowed it', async () => {
  const { ask, daemon, tasks, ops } = await setUp()
  const id = await ask(runs('rm'))
  await daemon.ask(id)
  await daemon.ask(id)
  expect(ops.approvals.snapshot().size).toBe(1)
  expect(tasks.get(id)).toMatchObject({ state: 'awaiting_approval', reason: 'unknown command' })
  expect((await daemon.claim(id))?.t).toBe('no-grant')
  const approval = tasks.get(id)?.approvalId ?? ''
  await ask({ kind: 'approve', approval })
  expect(ops.approvals.get(approval)).toMatchObject({ state: 'approved', byName: 'Mira', scope: 'once' })
  await daemon.ask(id)
  expect(tasks.get(id)?.state).toBe('queued')
  expect((await daemon.claim(id))?.t).toBe('grant')
})

test('[TSK-6] what was approved for other arguments is asked for anew', async () => {
  const { ask, daemon, tasks } = await setUp()
  const id = await ask(runs('rm'))
  await daemon.ask(id)
  await ask({ kind: 'approve', approval: tasks.get(id)?.approvalId ?? '' })
  await daemon.ask(id, 'b2')
  expect(tasks.get(id)?.state).toBe('awaiting_approval')
})

test('[S268] [S271] a refused or unanswered question ends the task with the reason', async () => {
  const { ask, daemon, tasks, ops, clock, referee } = await setUp()
  const stop = new AbortController()
  const running = referee.run(stop.signal)
  const [refused, forgotten, cancelled] = [await ask(runs()), await ask(runs()), await ask(runs())]
  for (const id of [refused, forgotten, cancelled]) await daemon.ask(id)
  await ask({ kind: 'reject', approval: tasks.get(refused)?.approvalId ?? '', reason: 'too risky' })
  expect(tasks.get(refused)).toMatchObject({ state: 'cancelled', reason: 'Mira said no: too risky' })
  await ask({ kind: 'cancel', task: cancelled })
  await pass(clock, 2_000)
  expect(ops.approvals.get(tasks.get(cancelled)?.approvalId ?? '')?.state).toBe('expired')
  await pass(clock, approvalLifeMs)
  expect(tasks.get(forgotten)).toMatchObject({ state: 'cancelled', reason: 'nobody approved it within 10 minutes' })
  stop.abort()
  await running
})

test('[S135] a task the policy denies fails with the founding words', async () => {
  const { ask, daemon, tasks } = await setUp()
  const id = await ask(runs('x'))
  await daemon.refuse(id)
  expect(tasks.get(id)).toMatchObject({
    state: 'failed',
    result: { error: "command 'x' not allowed", code: 'command-denied' },
  })
})

test('[S32] [S116] a daemon out of reach is shown so; what it still runs goes on when it is back', async () => {
  const { ask, daemon, tasks, ops, clock, referee } = await setUp()
  const stop = new AbortController()
  const running = referee.run(stop.signal)
  const id = await ask(runs())
  await daemon.claim(id)
  await daemon.report(id, 1, 'running')
  await referee.onGone(daemon.id)
  expect(ops.daemons.get(daemon.id)).toMatchObject({ connection: 'offline', lastSeenAt: clock.now() })
  await pass(clock, 31_000)
  expect(tasks.get(id)).toMatchObject({ state: 'disconnected', reason: 'the daemon that runs it is out of reach' })
  await pass(clock, 3_600_000)
  expect(tasks.get(id)?.state).toBe('disconnected')
  await daemon.hello({ running: [{ task: id, attempt: 1 }], lastGrantSeq: 1 })
  expect(tasks.get(id)?.state).toBe('running')
  expect(ops.daemons.get(daemon.id)?.connection).toBe('online')
  stop.abort()
  await running
})

test('[TSK-7] a restarted daemon: what its last process ran is lost at once, or queued again where that was asked for', async () => {
  const { ask, daemon, tasks } = await setUp()
  const [kept, again] = [await ask(runs()), await ask(runs('ls', { onLost: 'requeue' }))]
  await daemon.claim(kept)
  await daemon.claim(again)
  await daemon.hello({ bootId: createId() })
  expect(tasks.get(kept)).toMatchObject({ state: 'lost', reason: 'the daemon restarted while it ran' })
  expect(tasks.get(again)?.state).toBe('queued')
})

test('[TSK-193] what was decided for the last process of a daemon is not told to the next one, which has connected meanwhile', async () => {
  const { ask, daemon, referee, tasks } = await setUp()
  const id = await ask(runs('ls', { onLost: 'requeue' }))
  const late = daemon.claim(id)
  const connected = referee.onConnected(daemon.id, 'laptop')
  expect(await late).toBeUndefined()
  await connected
  expect(tasks.get(id)?.state).toBe('leased')
  await daemon.hello({ bootId: createId() })
  expect(tasks.get(id)?.state).toBe('queued')
  expect(await daemon.claim(id)).toMatchObject({ t: 'grant', attempt: 2 })
})

test('[TSK-8] at hello: a grant never seen is sent again, one seen but not running is lost, strange attempts are killed', async () => {
  const { ask, daemon, tasks } = await setUp()
  const [seen, unseen, alive, over] = [await ask(runs()), await ask(runs()), await ask(runs()), await ask(runs())]
  await daemon.claim(over)
  await daemon.report(over, 1, 'completed')
  for (const id of [seen, alive, unseen]) await daemon.claim(id)
  const before = daemon.said('grant').length
  const strange = [
    { task: over, attempt: 1 },
    { task: alive, attempt: 9 },
    { task: createId(), attempt: 1 },
  ]
  await daemon.hello({ mono: 99, lastGrantSeq: 3, running: [{ task: alive, attempt: 1 }, ...strange] })
  expect(daemon.said('hello-ack').at(-1)).toMatchObject({ mono: 99, kill: strange })
  expect(daemon.said('grant').slice(before)).toMatchObject([{ task: unseen, attempt: 1, grantSeq: 4, mono: 99 }])
  expect([seen, unseen, alive].map((id) => tasks.get(id)?.state)).toEqual(['lost', 'leased', 'running'])
})

test('[TSK-4] a cancel asked for while the daemon is away reaches it at its return', async () => {
  const { ask, daemon, tasks, clock, referee } = await setUp()
  const stop = new AbortController()
  const running = referee.run(stop.signal)
  const [started, unseen] = [await ask(runs()), await ask(runs())]
  await daemon.claim(started)
  await daemon.report(started, 1, 'running')
  await daemon.claim(unseen)
  await pass(clock, 31_000)
  await ask({ kind: 'cancel', task: started })
  await ask({ kind: 'cancel', task: unseen })
  expect(tasks.get(started)).toMatchObject({ state: 'disconnected', reason: 'cancels once the daemon is back' })
  const before = daemon.said('grant').length
  await daemon.hello({ running: [{ task: started, attempt: 1 }], lastGrantSeq: 1 })
  expect(tasks.get(started)?.state).toBe('cancelling')
  // Whether the other was ever seen only the daemon can tell: it is told, and not granted again.
  expect(daemon.said('cancel').slice(-2)).toMatchObject([{ task: started }, { task: unseen }])
  expect(daemon.said('grant')).toHaveLength(before)
  await daemon.report(unseen, 1, 'cancelled')
  expect(tasks.get(unseen)?.state).toBe('cancelled')
  stop.abort()
  await running
})

test('[TSK-9] a server that restarts goes on where it stood, and gives every lease a full life', async () => {
  const t = await setUp()
  const [id, waiting] = [await t.ask(runs()), await t.ask(runs())]
  await t.daemon.claim(id)
  await t.daemon.report(id, 1, 'running')
  t.clock.advance(20_000)
  const referee = t.start()
  const stop = new AbortController()
  const running = referee.run(stop.signal)
  await pass(t.clock, 29_000)
  expect(t.tasks.get(id)?.state).toBe('running')
  await pass(t.clock, 2_000)
  expect(t.tasks.get(id)?.state).toBe('disconnected')
  const { id: daemonId, bootId } = t.daemon
  await referee.onMessage(daemonId, {
    t: 'hello',
    protocol: 1,
    bootId,
    mono: 1,
    slots: 3,
    running: [{ task: id, attempt: 1 }],
    lastGrantSeq: 1,
  })
  await referee.onMessage(daemonId, { t: 'claim', n: 50, task: waiting, mono: 1 })
  expect(t.daemon.said('grant').at(-1)).toMatchObject({ task: waiting, grantSeq: 2 })
  expect(t.tasks.get(id)?.state).toBe('running')
  stop.abort()
  await running
})

test('[TSK-13] nothing is said before it is on disk', async () => {
  const { ask, daemon, disk, sent } = await setUp()
  const id = await ask(runs())
  const before = sent.length
  disk.fails = true
  await expect(daemon.claim(id)).rejects.toThrow('the disk is full')
  expect(sent).toHaveLength(before)
  disk.fails = false
  expect((await daemon.claim(id))?.t).toBe('grant')
})

test('[S65] [S66] a ping is answered with its own stamp', async () => {
  const { daemon, referee } = await setUp()
  await referee.onMessage(daemon.id, { t: 'ping', stamp: 42 })
  expect(daemon.said('pong')).toEqual([{ t: 'pong', stamp: 42 }])
})

test('[AGT-122] a run of the agent that its daemon lost goes on, and its time is bounded by itself', async () => {
  const t = await setUp()
  const run = { title: 'thinks', payload: { kind: 'agent', prompt: 'mend it' } } as const
  const id = await t.ask({ kind: 'create', task: TaskInput.parse(run) })
  expect(t.tasks.get(id)).toMatchObject({ onLost: 'requeue' })
  expect(t.tasks.get(id)?.timeoutMs).toBeUndefined()
  const bound = await t.ask({ kind: 'create', task: TaskInput.parse({ ...run, timeoutMs: 5_000 }) })
  expect(t.tasks.get(bound)?.timeoutMs).toBe(5_000)
})
