import { createId, type Id } from '@tandem/shared'
import { expect, test } from 'vitest'
import { pass, setUp, watched } from './daemon.suite.ts'
import { runs } from './in-memory.suite.ts'

test('[TSK-40] a task that is to start later waits as scheduled until then', async () => {
  const { ask, daemon, tasks, clock } = await watched()
  const now = clock.now()
  const [delayed, timed, both, past] = [
    await ask(runs('ls', { delayMs: 5_000 })),
    await ask(runs('ls', { runAt: now + 8_000 })),
    await ask(runs('ls', { delayMs: 5_000, runAt: now + 8_000 })),
    await ask(runs('ls', { runAt: now - 1 })),
  ]
  expect(tasks.get(delayed)).toMatchObject({ state: 'scheduled', runAt: now + 5_000, reason: 'starts in 5 seconds' })
  expect(tasks.get(past)?.state).toBe('queued')
  expect(await daemon.claim(delayed)).toMatchObject({ t: 'no-grant', reason: 'the task is scheduled' })
  await pass(clock, 4_000)
  expect(tasks.get(delayed)?.state).toBe('scheduled')
  await pass(clock, 1_000)
  expect([delayed, timed, both].map((id) => tasks.get(id)?.state)).toEqual(['queued', 'scheduled', 'scheduled'])
  expect(tasks.get(delayed)?.queuedAt).toBe(now + 5_000)
  expect(tasks.get(delayed)?.reason).toBeUndefined()
  await pass(clock, 3_000)
  expect([timed, both].map((id) => tasks.get(id)?.state)).toEqual(['queued', 'queued'])
})

test('[TSK-40] a restarted server forgets no time', async () => {
  const t = await setUp()
  const id = await t.ask(runs('ls', { delayMs: 5_000 }))
  t.clock.advance(60_000)
  const stop = new AbortController()
  const done = t.start().run(stop.signal)
  await pass(t.clock, 1_000)
  expect(t.tasks.get(id)?.state).toBe('queued')
  stop.abort()
  await done
})

test('[S111] [TSK-19] [TSK-41] what depends on several tasks starts once all of them have completed', async () => {
  const { ask, daemon, tasks } = await setUp()
  const [a, b] = [await ask(runs('a')), await ask(runs('b'))]
  const both = await ask(runs('c', { dependsOn: [a, b] }))
  const after = await ask(runs('d', { dependsOn: [both] }))
  expect(tasks.get(both)).toMatchObject({ state: 'blocked', reason: 'waits for ‘a’, ‘b’' })
  expect((await daemon.claim(both))?.t).toBe('no-grant')
  for (const id of [a, b]) await daemon.claim(id)
  await daemon.report(a, 1, 'completed', 0)
  expect(tasks.get(both)?.state).toBe('blocked')
  await daemon.report(b, 1, 'completed', 0)
  expect([both, after].map((id) => tasks.get(id)?.state)).toEqual(['queued', 'blocked'])
  await daemon.claim(both)
  await daemon.report(both, 1, 'completed', 0)
  expect(tasks.get(after)?.state).toBe('queued')
  expect(tasks.get(await ask(runs('e', { dependsOn: [a, b] })))?.state).toBe('queued')
})

test('[TSK-41] where a dependency ends otherwise, all that wait for it are cancelled with the reason, and those that wait for them', async () => {
  const { ask, daemon, tasks, audited } = await setUp()
  const [first, other] = [await ask(runs('make')), await ask(runs('lint'))]
  const second = await ask(runs('test', { dependsOn: [other, first] }))
  const third = await ask(runs('ship', { dependsOn: [second], delayMs: 60_000 }))
  await daemon.claim(first)
  await daemon.report(first, 1, 'failed', 2)
  const dropped = { state: 'cancelled', result: { code: 'dependency' } }
  expect(tasks.get(second)).toMatchObject({ ...dropped, reason: 'it depends on ‘make’, which failed' })
  expect(tasks.get(third)).toMatchObject({ ...dropped, reason: 'it depends on ‘test’, which was cancelled' })
  expect(audited.slice(-3)).toEqual([`task.end ${first}`, `task.drop ${second}`, `task.drop ${third}`])
  // One that is asked for too late is shown with the same words.
  const late = await ask(runs('ship', { dependsOn: [first] }))
  expect(tasks.get(late)).toMatchObject({ ...dropped, reason: 'it depends on ‘make’, which failed' })
  expect(tasks.get(other)?.state).toBe('queued')
})

test('[TSK-41] a dependency that runs again by itself keeps what waits for it waiting', async () => {
  const { ask, daemon, tasks, clock } = await watched()
  const first = await ask(runs('make', { retry: { max: 1, backoffMs: 1_000 } }))
  const second = await ask(runs('test', { dependsOn: [first] }))
  await daemon.claim(first)
  await daemon.report(first, 1, 'failed', 2)
  expect(tasks.get(second)?.state).toBe('blocked')
  await pass(clock, 2_000)
  await daemon.claim(first)
  await daemon.report(first, 2, 'completed', 0)
  expect(tasks.get(second)?.state).toBe('queued')
})

test('[TSK-41] by hand nothing runs whose dependency has not completed', async () => {
  const { ask, daemon, tasks, refused } = await setUp()
  const first = await ask(runs('make'))
  const second = await ask(runs('test', { dependsOn: [first] }))
  await ask({ kind: 'cancel', task: first })
  const asked = await ask({ kind: 'retry', task: second })
  expect(refused.get(asked)).toBe('it depends on ‘make’, which was cancelled')
  expect(tasks.get(second)?.state).toBe('cancelled')
  await ask({ kind: 'retry', task: first })
  await ask({ kind: 'retry', task: second })
  expect(tasks.get(second)?.state).toBe('blocked')
  await daemon.claim(first)
  await daemon.report(first, 1, 'completed', 0)
  expect(tasks.get(second)?.state).toBe('queued')
})

test('[TSK-42] a dependency that is not there is refused with words', async () => {
  const { ask, tasks, refused } = await setUp()
  const strange = createId()
  const id = await ask(runs('ls', { dependsOn: [strange] }))
  expect(tasks.get(id)).toBeUndefined()
  expect(refused.get(id)).toBe(`it depends on a task that is not there: ${strange}`)
})

test('[TSK-42] of what is asked for together, dependencies are made first, and circles are refused', async () => {
  const { asks, referee, tasks, refused } = await setUp()
  const [one, two, three, self, x, y, onX] = Array.from({ length: 7 }, createId) as [Id, Id, Id, Id, Id, Id, Id]
  await asks(referee).askAll([
    [one, runs('1', { dependsOn: [two, three] })],
    [two, runs('2', { dependsOn: [three] })],
    [three, runs('3')],
    [self, runs('s', { dependsOn: [self] })],
    [x, runs('x', { dependsOn: [y] })],
    [y, runs('y', { dependsOn: [x] })],
    [onX, runs('z', { dependsOn: [x] })],
  ])
  expect([one, two, three].map((id) => tasks.get(id)?.state)).toEqual(['blocked', 'blocked', 'queued'])
  expect([self, x, y, onX].map((id) => tasks.get(id))).toEqual([undefined, undefined, undefined, undefined])
  for (const id of [self, x, y]) expect(refused.get(id)).toContain('none of them could start')
  expect(refused.get(onX)).toBe(`it depends on a task that is not there: ${x}`)
})

test('[S269] [TSK-6] [TSK-43] a task with a gate waits for a person, and holds no slot meanwhile', async () => {
  const { ask, daemon, tasks, ops } = await setUp()
  const id = await ask(runs('deploy', { gate: { summary: 'Deploy to production?' } }))
  const { approvalId = '', ...task } = tasks.get(id) ?? {}
  expect(task).toMatchObject({ state: 'awaiting_approval' })
  expect(ops.approvals.get(approvalId)).toMatchObject({ state: 'pending', summary: 'Deploy to production?' })
  for (const _ of [1, 2, 3]) expect((await daemon.claim(await ask(runs())))?.t).toBe('grant')
  expect((await daemon.claim(id))?.t).toBe('no-grant')
  await ask({ kind: 'approve', approval: approvalId })
  expect(tasks.get(id)?.state).toBe('queued')
  // What the daemon's policy asks is another question.
  await daemon.ask(id)
  expect(tasks.get(id)?.state).toBe('awaiting_approval')
})

test('[TSK-43] a gate is asked when its time has come, once for all tries it makes by itself, and anew by hand', async () => {
  const { ask, daemon, tasks, ops, clock } = await watched()
  const first = await ask(runs('make'))
  const more = { gate: { summary: 'Sure?' }, delayMs: 2_000, dependsOn: [first], retry: { max: 1, backoffMs: 1_000 } }
  const id = await ask(runs('deploy', more))
  await daemon.claim(first)
  await daemon.report(first, 1, 'completed', 0)
  expect(tasks.get(id)?.state).toBe('scheduled')
  expect(ops.approvals.snapshot().size).toBe(0)
  await pass(clock, 3_000)
  expect(tasks.get(id)?.state).toBe('awaiting_approval')
  await ask({ kind: 'approve', approval: tasks.get(id)?.approvalId ?? '' })
  await daemon.claim(id)
  await daemon.report(id, 1, 'failed', 1)
  await pass(clock, 2_000)
  expect(tasks.get(id)?.state).toBe('queued')
  await daemon.claim(id)
  await daemon.report(id, 2, 'failed', 1)
  await ask({ kind: 'retry', task: id })
  expect(tasks.get(id)?.state).toBe('awaiting_approval')
  expect(ops.approvals.snapshot().size).toBe(2)
})

test('[TSK-44] what nobody has begun within its time in the queue ends as timed out', async () => {
  const { ask, daemon, tasks, clock } = await watched()
  const [forgotten, begun] = [
    await ask(runs('ls', { queueTtlMs: 5_000 })),
    await ask(runs('ls', { queueTtlMs: 5_000 })),
  ]
  const later = await ask(runs('ls', { queueTtlMs: 5_000, delayMs: 4_000, retry: { max: 3 } }))
  await daemon.claim(begun)
  await pass(clock, 6_000)
  expect(tasks.get(forgotten)).toMatchObject({
    state: 'timed_out',
    attempt: 0,
    reason: 'nobody began it within 5 seconds',
    result: { code: 'queue-timeout' },
  })
  expect(tasks.get(begun)?.state).toBe('leased')
  expect(tasks.get(later)?.state).toBe('queued')
  await pass(clock, 4_000)
  // It never ran: there is nothing to run again.
  expect(tasks.get(later)).toMatchObject({ state: 'timed_out', result: { code: 'queue-timeout' } })
})
