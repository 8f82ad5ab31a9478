import { byQueueOrder, type Id, type Task } from '@tandem/shared'
import { expect, test } from 'vitest'
import { daemonOf, setUp } from './daemon.suite.ts'
import { runs } from './in-memory.suite.ts'

test('[S110] [TSK-51] a task goes only to a daemon that has what it requires', async () => {
  const t = await setUp()
  const able = await daemonOf(t, t.referee)
  await t.daemon.hello({ capabilities: ['command', 'docker'] })
  await able.hello({ capabilities: ['docker', 'gpu'] })
  const id = await t.ask(runs('train', { requires: ['gpu', 'docker'] }))
  expect(await t.daemon.claim(id)).toMatchObject({ t: 'no-grant', reason: 'the daemon lacks what the task needs: gpu' })
  expect((await able.claim(id))?.t).toBe('grant')
})

test('[TSK-51] what a daemon has, and how many it runs, is shown and written only when it changes', async () => {
  const { daemon, ops, clock } = await setUp()
  let written = 0
  ops.daemons.subscribe(() => written++)
  const capabilities = ['command', 'docker']
  for (const _ of [1, 2, 3]) {
    clock.advance(10_000)
    await daemon.hello({ capabilities })
  }
  expect(written).toBe(1)
  expect(ops.daemons.get(daemon.id)).toMatchObject({ slots: 3, capabilities })
  await daemon.hello({ capabilities, slots: 5 })
  expect(ops.daemons.get(daemon.id)?.slots).toBe(5)
  expect(written).toBe(2)
})

test('[S109] [TSK-20] with two daemons that always claim what comes first, low priority gets its turn', async () => {
  const t = await setUp({ unseenMs: 10_000_000, leaseMs: 20_000_000 })
  const daemons = [t.daemon, await daemonOf(t, t.referee)]
  for (const daemon of daemons) await daemon.hello({ slots: 1 })
  const low = await t.ask(runs('low', { priority: -10 }))
  const busy = new Map<(typeof daemons)[number], Task>()
  let minutes = 0
  // More high ones than two daemons can do, for ever.
  while (t.tasks.get(low)?.state === 'queued' && minutes < 100) {
    for (const _ of [1, 2, 3]) await t.ask(runs('high', { priority: 10 }))
    t.clock.advance(60_000)
    minutes++
    for (const daemon of daemons) {
      const done = busy.get(daemon)
      if (done) await daemon.report(done.id, 1, 'completed', 0)
      const next = (): Task | undefined =>
        [...t.tasks.snapshot().values()]
          .filter(({ state }) => state === 'queued')
          .toSorted(byQueueOrder(t.clock.now()))[0]
      const task = next()
      expect((await daemon.claim(task?.id as Id))?.t).toBe('grant')
      if (task) busy.set(daemon, task)
    }
  }
  // It is as old by then as it was lower.
  expect(minutes).toBeLessThan(100)
  expect(minutes).toBeGreaterThan(20)
})
