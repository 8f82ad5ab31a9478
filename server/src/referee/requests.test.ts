import { createId } from '@tandem/shared'
import { expect, test } from 'vitest'
import { setUp } from './daemon.suite.ts'
import { runs } from './in-memory.suite.ts'

test('[TSK-57] what is asked for at once is decided many in a turn, each as if it were alone', async () => {
  const { asks, referee, ports, tasks, daemon, ask, ops } = await setUp()
  const { commit } = ports
  let commits = 0
  ports.commit = async (work) => {
    commits++
    await commit(work)
  }
  const many = Array.from({ length: 100 }, () => [createId(), runs('ls', { idempotencyKey: createId() })] as const)
  const [first, second] = many as unknown as [[string, ReturnType<typeof runs>], [string, ReturnType<typeof runs>]]
  const again = createId()
  await asks(referee).askAll([
    ...many,
    [again, second[1]],
    [createId(), { kind: 'cancel', task: first[0] }],
    [createId(), { kind: 'retry', task: first[0] }],
  ])
  expect(commits).toBe(3)
  expect(tasks.snapshot().size).toBe(100)
  expect(tasks.get(first[0])?.state).toBe('queued')
  expect(tasks.get(again)).toBeUndefined()
  // What is kept elsewhere is read as the turn before left it: of two answers the first counts.
  const id = await ask(runs('rm'))
  await daemon.ask(id)
  const approval = tasks.get(id)?.approvalId ?? ''
  commits = 0
  await asks(referee).askAll([
    [createId(), { kind: 'reject', approval }],
    [createId(), { kind: 'approve', approval }],
  ])
  expect(commits).toBe(2)
  expect(ops.approvals.get(approval)?.state).toBe('rejected')
})

test('[TSK-46] a rerun is a task of its own that names the one it repeats, and begins at once under no key', async () => {
  const { ask, daemon, tasks, audited } = await setUp()
  const more = { priority: 3, retry: { max: 1 }, idempotencyKey: 'k', runAt: 5, queueTtlMs: 900 }
  const first = await ask(runs('make', more))
  await daemon.claim(first)
  await daemon.report(first, 1, 'completed', 0)
  const second = await ask({ kind: 'rerun', task: first })
  expect(tasks.get(second)).toMatchObject({
    state: 'queued',
    rerunOf: first,
    title: 'make',
    priority: 3,
    retry: { max: 1 },
    queueTtlMs: 900,
    attempt: 0,
    attempts: [],
  })
  for (const gone of ['idempotencyKey', 'runAt', 'result', 'startedAt', 'completedAt'])
    expect(tasks.get(second)).not.toHaveProperty(gone)
  expect(tasks.get(first)?.state).toBe('completed')
  expect(audited.at(-1)).toBe(`task.create ${second}`)
})

test('[TSK-46] what is not there is not run again, nor by those who may not run anything', async () => {
  const { ask, asks, referee, tasks, refused } = await setUp()
  expect(refused.get(await ask({ kind: 'rerun', task: createId() }))).toBe('there is no such task')
  const id = await ask(runs())
  const editors = asks(referee, 'editor')
  expect(refused.get(await editors.ask({ kind: 'rerun', task: id }))).toBe('running tasks needs the role runner')
  expect(tasks.snapshot().size).toBe(1)
})

test('[TSK-47] many are cancelled in one turn: those named, those of a group, or all that are under way', async () => {
  const { ask, daemon, tasks, refused } = await setUp()
  const groupId = createId()
  const [a, b, c, d, e] = [
    await ask(runs()),
    await ask(runs('ls', { groupId })),
    await ask(runs('ls', { groupId, delayMs: 9_000 })),
    await ask(runs()),
    await ask(runs()),
  ]
  for (const id of [a, b]) await daemon.claim(id)
  const states = () => [a, b, c, d, e].map((id) => tasks.get(id)?.state)
  await ask({ kind: 'cancel-many', group: groupId })
  expect(states()).toEqual(['leased', 'cancelling', 'cancelled', 'queued', 'queued'])
  expect(daemon.said('cancel')).toEqual([{ t: 'cancel', task: b, attempt: 1, force: false }])
  await ask({ kind: 'cancel-many', tasks: [d, c] })
  expect(states()).toEqual(['leased', 'cancelling', 'cancelled', 'cancelled', 'queued'])
  await ask({ kind: 'cancel-many', force: true })
  expect(states()).toEqual(['cancelled', 'cancelled', 'cancelled', 'cancelled', 'cancelled'])
  expect(refused.get(await ask({ kind: 'cancel-many' }))).toBe('there are no such tasks under way')
})

test('[TSK-47] whoever may run nothing cancels only what is theirs', async () => {
  const t = await setUp()
  const runner = t.asks(t.referee)
  const mine = await runner.ask(runs())
  const theirs = await t.ask(runs())
  runner.by.role = 'editor'
  await runner.ask({ kind: 'cancel-many' })
  expect([mine, theirs].map((id) => t.tasks.get(id)?.state)).toEqual(['cancelled', 'queued'])
  const refused = t.refused.get(await runner.ask({ kind: 'cancel-many' }))
  expect(refused).toBe('cancelling tasks of others needs the role runner')
})

test('[TSK-47] what depends on what is cancelled is told of its own end', async () => {
  const { ask, tasks } = await setUp()
  const first = await ask(runs('make'))
  const second = await ask(runs('test', { dependsOn: [first] }))
  await ask({ kind: 'cancel-many' })
  expect(tasks.get(second)).toMatchObject({ state: 'cancelled', cancel: { force: false } })
})

test('[TSK-48] a daemon that drains is granted nothing, what it runs goes on, and its word is kept', async () => {
  const { asks, referee, ask, daemon, tasks, ops, audited } = await setUp()
  const owner = asks(referee, 'owner')
  const [running, waiting] = [await ask(runs()), await ask(runs())]
  await daemon.claim(running)
  await owner.ask({ kind: 'drain', daemon: daemon.id, on: true })
  expect(audited.at(-1)).toBe(`daemon.drain ${daemon.id}`)
  expect(await daemon.claim(waiting)).toMatchObject({ reason: 'the daemon was asked to begin nothing more' })
  await daemon.report(running, 1, 'completed', 0)
  expect(tasks.get(running)?.state).toBe('completed')
  await daemon.hello({ bootId: createId() })
  expect(ops.daemons.get(daemon.id)).toMatchObject({ draining: true, connection: 'online' })
  await owner.ask({ kind: 'drain', daemon: daemon.id, on: false })
  expect((await daemon.claim(waiting))?.t).toBe('grant')
})

test('[TSK-48] only whose daemon it is, or an owner of the workspace, says what it begins', async () => {
  const { asks, referee, daemon, daemonOwners, ops, refused } = await setUp()
  const runner = asks(referee)
  const asked = await runner.ask({ kind: 'drain', daemon: daemon.id, on: true })
  expect(refused.get(asked)).toContain('only its owner')
  expect(ops.daemons.get(daemon.id)?.draining).toBeUndefined()
  daemonOwners.set(daemon.id, runner.by.id)
  await runner.ask({ kind: 'drain', daemon: daemon.id, on: true })
  expect(ops.daemons.get(daemon.id)?.draining).toBe(true)
  const strange = await runner.ask({ kind: 'drain', daemon: createId(), on: true })
  expect(refused.get(strange)).toBe('there is no such daemon')
})

test('[TSK-187] a task that is too large for a document that everybody has is refused', async () => {
  const { ask, tasks, refused } = await setUp()
  const args = Array.from({ length: 40 }, () => 'x'.repeat(32_000))
  const env = { A: 'x'.repeat(2 ** 20) }
  for (const payload of [
    { kind: 'command' as const, command: 'ls', args },
    { kind: 'command' as const, command: 'ls', env },
  ])
    expect(refused.get(await ask(runs('ls', { payload })))).toContain('too large')
  expect(tasks.snapshot().size).toBe(0)
  await ask(runs('ls', { payload: { kind: 'command', command: 'ls', args: args.slice(10) } }))
  expect(tasks.snapshot().size).toBe(1)
})
