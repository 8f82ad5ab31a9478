import { expect, test } from 'vitest'
import { keptEnded, slack } from './archive.ts'
import { pass, watched } from './daemon.suite.ts'
import { runs, taskOf } from './in-memory.suite.ts'

const dayMs = 24 * 3_600_000

test('[TSK-55] tasks that ended 30 days ago leave the document for the archive, and others stay', async () => {
  const t = await watched()
  const [ended, waiting] = [await t.ask(runs()), await t.ask(runs())]
  await t.daemon.claim(ended)
  await t.daemon.report(ended, 1, 'completed', 0)
  const record = t.tasks.get(ended)
  t.clock.advance(30 * dayMs - 1_000)
  await pass(t.clock, 1_000)
  expect(t.archived.size).toBe(0)
  await pass(t.clock, 2_000)
  expect(t.archived.get(ended)).toEqual(record)
  expect([...t.tasks.snapshot().keys()]).toEqual([waiting])
})

test('[TSK-167] a replica that was away until its task was in the archive does not have it made once more', async () => {
  const t = await watched()
  const folded = (t.ports.folded = new Set<string>())
  const id = await t.ask(runs())
  await t.ask({ kind: 'cancel', task: id })
  t.clock.advance(30 * dayMs)
  // So long requests are remembered by themselves.
  folded.clear()
  await pass(t.clock, 2_000)
  expect(t.archived.has(id)).toBe(true)
  await t.asks(t.referee).askAll([[id, runs()]])
  expect(t.tasks.snapshot().size).toBe(0)
})

test('[TSK-55] of more than 2,000 that have ended the oldest go, many at a time, and none that another waits for', async () => {
  const t = await watched()
  const count = keptEnded + slack
  const ended = Array.from({ length: count }, (_, i) => taskOf('completed', { completedAt: i + 1 }))
  for (const task of ended) t.tasks.set(task.id, task)
  const referee = t.start()
  const stop = new AbortController()
  const done = referee.run(stop.signal)
  const [oldest, second] = ended
  const { ask } = t.asks(referee)
  const waiting = await ask(runs('ls', { dependsOn: [oldest?.id ?? ''], delayMs: dayMs }))
  await pass(t.clock, 1_000)
  expect(t.archived.size).toBe(0)
  // One more than is let come.
  await ask({ kind: 'cancel', task: await ask(runs()) })
  await pass(t.clock, 1_000)
  expect(t.archived.size).toBe(slack + 1)
  expect(t.tasks.snapshot().size).toBe(keptEnded + 1)
  expect(t.tasks.get(oldest?.id ?? '')).toBeDefined()
  expect(t.archived.get(second?.id ?? '')).toEqual(second)
  expect(t.tasks.get(waiting)?.state).toBe('scheduled')
  stop.abort()
  await done
})

test('[TSK-5] [TSK-55] a key that made a task which is in the archive makes no second one', async () => {
  const t = await watched()
  const id = await t.ask(runs('ls', { idempotencyKey: 'k' }))
  await t.ask({ kind: 'cancel', task: id })
  t.clock.advance(31 * dayMs)
  await pass(t.clock, 1_000)
  expect([...t.archived.keys()]).toEqual([id])
  await t.ask(runs('ls', { idempotencyKey: 'k' }))
  expect(t.tasks.snapshot().size).toBe(0)
})

test('[TSK-55] what ran is asked for again while it is there; what never ran is refused once its dependency is gone', async () => {
  const t = await watched()
  const first = await t.ask(runs('make'))
  const ran = await t.ask(runs('test', { dependsOn: [first] }))
  const dropped = await t.ask(runs('ship', { dependsOn: [first] }))
  await t.daemon.claim(first)
  await t.ask({ kind: 'cancel', task: dropped })
  await t.daemon.report(first, 1, 'completed', 0)
  t.clock.advance(20 * dayMs)
  await t.daemon.hello({ lastGrantSeq: 1 })
  await t.daemon.claim(ran)
  await t.daemon.report(ran, 1, 'failed', 1)
  await t.ask({ kind: 'retry', task: dropped })
  await t.ask({ kind: 'cancel', task: dropped })
  t.clock.advance(11 * dayMs)
  await pass(t.clock, 1_000)
  expect([...t.archived.keys()]).toEqual([first])
  expect(t.refused.get(await t.ask({ kind: 'retry', task: dropped }))).toContain('it is in the archive')
  expect(t.refused.get(await t.ask({ kind: 'rerun', task: dropped }))).toContain('it is in the archive')
  await t.ask({ kind: 'retry', task: ran })
  expect(t.tasks.get(ran)?.state).toBe('queued')
})
