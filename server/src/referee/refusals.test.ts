import { expect, test } from 'vitest'
import { daemonOf, pass, setUp, watched } from './daemon.suite.ts'
import { runs } from './in-memory.suite.ts'

const leaseMs = 30_000
const denied = { code: 'command-denied', reason: "command 'x' not allowed" }

test('[TSK-200] a daemon that refuses is passed over, and another runs the task', async () => {
  const t = await setUp()
  const other = await daemonOf(t, t.referee)
  const id = await t.ask(runs())
  const { queuedAt } = t.tasks.get(id) ?? {}
  await t.daemon.refuse(id)
  expect(t.tasks.get(id)).toMatchObject({
    state: 'queued',
    passedBy: [{ daemonId: t.daemon.id, name: 'laptop', ...denied }],
  })
  // It keeps its place, and the same word once more is no news.
  expect(t.tasks.get(id)?.queuedAt).toBe(queuedAt)
  const [record, audited] = [t.tasks.get(id), t.audited.length]
  await t.daemon.refuse(id)
  expect([t.tasks.get(id), t.audited.length]).toEqual([record, audited])
  expect(await other.claim(id)).toMatchObject({ t: 'grant' })
  expect(t.tasks.get(id)?.passedBy).toBe(undefined)
})

test('[TSK-200] it ends where all that are online and able refused it, with the reason of each', async () => {
  const t = await setUp()
  const other = await daemonOf(t, t.referee)
  const away = await daemonOf(t, t.referee)
  await t.referee.onGone(away.id)
  t.clock.advance(leaseMs)
  for (const { hello } of [t.daemon, other]) await hello()
  const plain = await daemonOf(t, t.referee)
  await plain.hello({ capabilities: [] })
  const id = await t.ask(runs('x', { requires: ['gpu'] }))
  for (const { hello } of [t.daemon, other]) await hello({ capabilities: ['gpu'] })
  await t.daemon.refuse(id)
  expect(t.tasks.get(id)?.state).toBe('queued')
  await other.refuse(id)
  const error = `laptop: ${denied.reason}; laptop: ${denied.reason}`
  expect(t.tasks.get(id)).toMatchObject({ state: 'failed', result: { code: denied.code, error } })
  // Asked for again, whoever is there is asked anew.
  await t.ask({ kind: 'retry', task: id })
  expect(t.tasks.get(id)).not.toHaveProperty('passedBy')
  await t.daemon.refuse(id)
  expect(t.tasks.get(id)?.state).toBe('queued')
})

test('[TSK-200] it ends too where those that have not refused it are gone for good', async () => {
  const t = await watched()
  const other = await daemonOf(t, t.referee)
  const id = await t.ask(runs())
  await t.daemon.refuse(id)
  await t.referee.onGone(other.id)
  // A link may only blink.
  for (let passed = 0; passed < leaseMs; passed += 1_000) {
    expect(t.tasks.get(id)?.state).toBe('queued')
    await t.daemon.hello()
    await pass(t.clock, 1_000)
  }
  await pass(t.clock, 1_000)
  expect(t.tasks.get(id)).toMatchObject({ state: 'failed', result: { error: denied.reason } })
})

test('[TSK-200] what a daemon refused before it started anew does not count', async () => {
  const t = await setUp()
  const other = await daemonOf(t, t.referee)
  const id = await t.ask(runs())
  await t.daemon.refuse(id)
  const anew = await daemonOf(t, t.referee, t.daemon.id)
  await other.refuse(id)
  expect(t.tasks.get(id)?.state).toBe('queued')
  await anew.refuse(id)
  expect(t.tasks.get(id)).toMatchObject({ state: 'failed', result: { code: denied.code } })
})

test('[TSK-200] who was passed over may take it after all, also after a restart of the server', async () => {
  const t = await setUp()
  await daemonOf(t, t.referee)
  const id = await t.ask(runs())
  await t.daemon.refuse(id)
  const again = t.start()
  const back = await daemonOf(t, again, t.daemon.id)
  expect(t.tasks.get(id)).toMatchObject({ state: 'queued', passedBy: [{ daemonId: t.daemon.id }] })
  await back.claim(id)
  expect(t.tasks.get(id)).toMatchObject({ state: 'leased', lease: { daemonId: t.daemon.id } })
})

test('[TSK-202] what was granted and never begun goes back to its place in the queue', async () => {
  const t = await setUp()
  const [id, cancelled, begun] = [await t.ask(runs()), await t.ask(runs()), await t.ask(runs())]
  const { queuedAt } = t.tasks.get(id) ?? {}
  for (const each of [id, cancelled, begun]) await t.daemon.claim(each)
  t.clock.advance(5_000)
  await t.ask({ kind: 'cancel', task: cancelled })
  await t.daemon.report(begun, 1, 'running')
  const result = { code: 'not-begun', error: 'the daemon was stopped before it began' }
  for (const task of [id, cancelled, begun])
    await t.referee.onMessage(t.daemon.id, { t: 'report', n: 90, task, attempt: 1, state: 'failed', result })
  expect(t.tasks.get(id)).toMatchObject({
    state: 'queued',
    queuedAt,
    attempts: [{ outcome: 'lost', error: result.error }],
  })
  expect(t.tasks.get(id)).not.toHaveProperty('retries')
  expect(t.tasks.get(cancelled)).toMatchObject({ state: 'cancelled' })
  // Nobody is believed that what was told to have begun was not.
  expect(t.tasks.get(begun)).toMatchObject({ state: 'failed', result: { code: 'not-begun' } })
})
