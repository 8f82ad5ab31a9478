import { expect, test } from 'vitest'
import { daemonOf, pass, setUp, watched } from './daemon.suite.ts'
import { runs } from './in-memory.suite.ts'

const keyed = (onFull: 'queue' | 'replace' | 'cancel_running', limit = 1, title = 'ls') =>
  runs(title, { concurrency: { key: 'k', limit, onFull } })

test('[S111] [TSK-49] of one key at most so many run at once, on all daemons together, and the next waits', async () => {
  const t = await setUp()
  const other = await daemonOf(t, t.referee)
  const ids = [await t.ask(keyed('queue', 2)), await t.ask(keyed('queue', 2)), await t.ask(keyed('queue', 2))] as const
  expect((await t.daemon.claim(ids[0]))?.t).toBe('grant')
  expect((await other.claim(ids[1]))?.t).toBe('grant')
  const no = { t: 'no-grant', reason: '2 of 2 with the key k run already' }
  expect(await other.claim(ids[2])).toMatchObject(no)
  expect((await other.claim(await t.ask(runs())))?.t).toBe('grant')
  expect(other.said('status-request')).toEqual([])
  // One that is being cancelled still runs.
  await t.ask({ kind: 'cancel', task: ids[0] })
  expect(await other.claim(ids[2])).toMatchObject(no)
  await t.daemon.report(ids[0], 1, 'cancelled')
  // Whoever was refused for want of room is asked, and claims again: nothing of its own has changed.
  expect([t.daemon, other].map(({ said }) => said('status-request').length)).toEqual([0, 1])
  expect((await other.claim(ids[2]))?.t).toBe('grant')
})

test('[TSK-49] replace: the newest takes the place of those that wait, and not of what runs', async () => {
  const { ask, daemon, tasks } = await setUp()
  const running = await ask(keyed('replace'))
  await daemon.claim(running)
  const [second, late] = [await ask(keyed('replace')), await ask(runs('ls', { delayMs: 60_000 }))]
  const third = await ask(keyed('replace', 1, 'newest'))
  expect(tasks.get(second)).toMatchObject({
    state: 'cancelled',
    result: { code: 'replaced' },
    reason: '‘newest’ with the same key k took its place',
  })
  expect([running, late, third].map((id) => tasks.get(id)?.state)).toEqual(['leased', 'scheduled', 'queued'])
})

test('[TSK-49] replace, with a delay: of many asked for in a row the last runs', async () => {
  const { ask, tasks, clock } = await watched()
  const asked = () => ask(runs('ls', { delayMs: 2_000, concurrency: { key: 'k', onFull: 'replace' } }))
  const first = await asked()
  await pass(clock, 1_000)
  const second = await asked()
  await pass(clock, 2_000)
  expect([first, second].map((id) => tasks.get(id)?.state)).toEqual(['cancelled', 'queued'])
})

test('[TSK-49] cancel_running: the newest ends what runs, and starts once that is gone', async () => {
  const { ask, daemon, tasks } = await setUp()
  const running = await ask(keyed('cancel_running'))
  await daemon.claim(running)
  await daemon.report(running, 1, 'running')
  const next = await ask(keyed('cancel_running', 1, 'newest'))
  expect(daemon.said('cancel')).toEqual([{ t: 'cancel', task: running, attempt: 1, force: false }])
  expect(tasks.get(running)).toMatchObject({
    state: 'cancelling',
    reason: '‘newest’ with the same key k took its place',
  })
  expect((await daemon.claim(next))?.t).toBe('no-grant')
  await daemon.report(running, 1, 'cancelled')
  expect((await daemon.claim(next))?.t).toBe('grant')
})

test('[TSK-49] cancel_running: nothing is ended before the newest may start, and no more than is in its way', async () => {
  const { ask, daemon, tasks, clock } = await watched()
  const ids = [await ask(keyed('queue', 2)), await ask(keyed('queue', 2))] as const
  for (const id of ids) await daemon.claim(id)
  await ask(runs('ls', { delayMs: 5_000, concurrency: { key: 'k', limit: 2, onFull: 'cancel_running' } }))
  expect(ids.map((id) => tasks.get(id)?.state)).toEqual(['leased', 'leased'])
  await pass(clock, 5_000)
  expect(ids.map((id) => tasks.get(id)?.state)).toEqual(['cancelling', 'leased'])
})

test('[S105] [S106] [TSK-50] in a workspace only so many run at once, and places come back however a task ends', async () => {
  const t = await setUp({ maxRunning: 2 })
  const other = await daemonOf(t, t.referee)
  const ids = [await t.ask(runs()), await t.ask(runs()), await t.ask(runs()), await t.ask(runs())] as const
  await t.daemon.claim(ids[0])
  await other.claim(ids[1])
  expect(await other.claim(ids[2])).toMatchObject({
    t: 'no-grant',
    reason: 'this workspace runs as many tasks as it may: 2',
  })
  await t.ask({ kind: 'cancel', task: ids[0], force: true })
  expect((await other.claim(ids[2]))?.t).toBe('grant')
  await other.hello({ lastGrantSeq: 2 })
  expect([ids[1], ids[2]].map((id) => t.tasks.get(id)?.state)).toEqual(['lost', 'lost'])
  expect((await other.claim(ids[3]))?.t).toBe('grant')
})
