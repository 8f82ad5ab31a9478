import { expect, test } from 'vitest'
import { pass, setUp, watched } from './daemon.suite.ts'
import { runs } from './in-memory.suite.ts'

const twice = { max: 2, backoffMs: 10_000, factor: 3, jitter: 0.5 }

test('[TSK-45] what failed runs again by itself, after a rest that grows, as often as it says', async () => {
  const { ask, daemon, tasks, clock } = await watched()
  const id = await ask(runs('ls', { retry: twice }))
  await daemon.claim(id)
  await daemon.report(id, 1, 'failed', 7)
  expect(tasks.get(id)).toMatchObject({
    state: 'scheduled',
    runAt: clock.now() + 10_000,
    retries: 1,
    reason: 'runs again in 10 seconds (1 of 2): it ended with the exit code 7',
    attempts: [{ n: 1, outcome: 'failed', exitCode: 7 }],
  })
  expect(tasks.get(id)?.completedAt).toBeUndefined()
  await pass(clock, 10_000)
  expect(tasks.get(id)?.state).toBe('queued')
  await daemon.hello()
  expect(await daemon.claim(id)).toMatchObject({ t: 'grant', attempt: 2 })
  await daemon.report(id, 2, 'timed_out')
  expect(tasks.get(id)).toMatchObject({ state: 'scheduled', runAt: clock.now() + 30_000, retries: 2 })
  await pass(clock, 30_000)
  await daemon.hello()
  await daemon.claim(id)
  await daemon.report(id, 3, 'failed', 7)
  expect(tasks.get(id)).toMatchObject({ state: 'failed', retries: 2 })
  expect(tasks.get(id)?.attempts.map(({ n, outcome }) => `${n} ${outcome}`)).toEqual([
    '1 failed',
    '2 timed_out',
    '3 failed',
  ])
  // By hand the count begins anew.
  await ask({ kind: 'retry', task: id })
  expect(tasks.get(id)?.retries).toBeUndefined()
  await daemon.claim(id)
  await daemon.report(id, 4, 'failed', 7)
  expect(tasks.get(id)).toMatchObject({ state: 'scheduled', retries: 1 })
})

test('[TSK-45] a part of the rest is chance, so that many do not come back at once, and it is never longer than an hour', async () => {
  const { ask, daemon, tasks, clock, ports } = await setUp()
  ports.random = () => 0.5
  const id = await ask(runs('ls', { retry: twice }))
  await daemon.claim(id)
  await daemon.report(id, 1, 'failed', 7)
  expect(tasks.get(id)?.runAt).toBe(clock.now() + 7_500)
  ports.random = () => 0
  const long = await ask(runs('ls', { retry: { max: 10, backoffMs: 3_600_000, factor: 10 } }))
  await daemon.claim(long)
  await daemon.report(long, 1, 'failed', 7)
  expect(tasks.get(long)?.runAt).toBe(clock.now() + 3_600_000)
})

test('[TSK-45] what ended in another way than it names, or was cancelled, is not run again', async () => {
  const { ask, daemon, tasks } = await setUp()
  const retry = { max: 3, on: ['timed_out' as const] }
  const [failed, cancelled, denied] = [
    await ask(runs('ls', { retry })),
    await ask(runs('ls', { retry: { max: 3 } })),
    await ask(runs('ls', { retry: { max: 3 } })),
  ]
  for (const id of [failed, cancelled]) await daemon.claim(id)
  await daemon.report(failed, 1, 'failed', 1)
  await ask({ kind: 'cancel', task: cancelled })
  await daemon.report(cancelled, 1, 'failed', 1)
  await daemon.refuse(denied)
  expect([failed, cancelled, denied].map((id) => tasks.get(id)?.state)).toEqual(['failed', 'failed', 'failed'])
})

test('[TSK-45] a late report of an attempt after which another was set counts no more', async () => {
  const { ask, daemon, tasks } = await setUp()
  const id = await ask(runs('ls', { retry: { max: 1, on: ['lost'] } }))
  await daemon.claim(id)
  await daemon.hello({ lastGrantSeq: 1 })
  expect(tasks.get(id)).toMatchObject({ state: 'scheduled', attempts: [{ outcome: 'lost' }] })
  await daemon.report(id, 1, 'completed', 0)
  expect(tasks.get(id)?.state).toBe('scheduled')
})

test('[TSK-4] [TSK-45] what rests before its next try can be cancelled, and then is not run', async () => {
  const { ask, daemon, tasks, clock } = await watched()
  const id = await ask(runs('ls', { retry: twice }))
  await daemon.claim(id)
  await daemon.report(id, 1, 'failed', 7)
  await ask({ kind: 'cancel', task: id })
  await pass(clock, 20_000)
  expect(tasks.get(id)).toMatchObject({ state: 'cancelled', attempts: [{ outcome: 'failed' }] })
})

test.each(['stopped', 'lease-lost'])(
  '[TSK-165] what its daemon gave up (%s) is queued again where that was asked for, else it failed',
  async (code) => {
    const { ask, daemon, tasks, referee } = await setUp()
    const [again, kept] = [await ask(runs('ls', { onLost: 'requeue' })), await ask(runs())]
    const giveUp = (task: string) => {
      const result = { code, error: 'the daemon was stopped while it ran' }
      return referee.onMessage(daemon.id, { t: 'report', n: 9, task, attempt: 1, state: 'failed', result })
    }
    for (const id of [again, kept]) {
      await daemon.claim(id)
      await daemon.report(id, 1, 'running')
      await giveUp(id)
    }
    expect(tasks.get(again)).toMatchObject({ state: 'queued', retries: 1, attempts: [{ n: 1, outcome: 'lost' }] })
    expect(tasks.get(kept)).toMatchObject({ state: 'failed', result: { code } })
    // Said again, its answer lost with the link: it is over.
    await giveUp(again)
    expect(tasks.get(again)).toMatchObject({ state: 'queued', retries: 1 })
  },
)

test('[TSK-203] a renewal that is heard before the end of a lease is decided counts, however late it came', async () => {
  const { ask, daemon, tasks, clock } = await watched({ leaseMs: 30_000 })
  const id = await ask(runs('ls', { onLost: 'requeue' }))
  await daemon.claim(id)
  await daemon.report(id, 1, 'running')
  await pass(clock, 29_000)
  // Its hello waits for its turn when the clock finds the lease over.
  const said = daemon.hello({ running: [{ task: id, attempt: 1 }], lastGrantSeq: 1 })
  await pass(clock, 2_000)
  await said
  expect(tasks.get(id)?.state).toBe('running')
  await pass(clock, 31_000)
  expect(tasks.get(id)?.state).toBe('disconnected')
  await daemon.hello({ running: [{ task: id, attempt: 1 }], lastGrantSeq: 1 })
  expect(tasks.get(id)?.state).toBe('running')
})
