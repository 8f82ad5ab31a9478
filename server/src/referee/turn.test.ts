import { isHeld, type Id } from '@tandem/shared'
import { randomFrom } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { daemonOf, pass, setUp } from './daemon.suite.ts'
import { refereeForTest, runs } from './in-memory.suite.ts'

test.each([1, 2, Date.now() % 1_000_000])(
  '[TSK-21] [TSK-50] every change of a task, whatever brought it about, has one audit entry (seed %i)',
  async (seed) => {
    const random = randomFrom(seed)
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
    const t = await setUp({ maxRunning: 4 })
    const { set } = t.ports.tasks
    let written = 0
    t.ports.tasks.set = (id, task) => {
      written++
      set(id, task)
    }
    const stop = new AbortController()
    const referee = t.start()
    const done = referee.run(stop.signal)
    const { ask } = t.asks(referee)
    const daemons = [await daemonOf(t, referee), await daemonOf(t, referee)]
    const some = (): Id => pick([...t.tasks.snapshot().keys()])
    const steps = [
      () =>
        ask(runs('a', { concurrency: { key: 'k', limit: 2, onFull: pick(['queue', 'replace', 'cancel_running']) } })),
      () => ask(runs('b', { dependsOn: [some(), some()], retry: { max: 2, backoffMs: 1_000 } })),
      () => ask(runs('c', { delayMs: 3_000, queueTtlMs: 4_000, onLost: 'requeue', gate: { summary: 'Sure?' } })),
      () => ask({ kind: 'approve', approval: t.tasks.get(some())?.approvalId ?? some() }),
      () => pick(daemons).claim(some()),
      () => pick(daemons).claim(some()),
      () => {
        const id = some()
        return pick(daemons).report(id, t.tasks.get(id)?.attempt || 1, pick(['running', 'completed', 'failed']))
      },
      () => ask({ kind: 'cancel', task: some(), force: random() < 0.3 }),
      () => ask({ kind: pick(['retry', 'rerun']), task: some() }),
      () => ask({ kind: 'cancel-many', tasks: [some(), some()] }),
      () => pick(daemons).hello({ slots: 5 }),
      () => pass(t.clock, 2_000),
    ]
    for (let i = 0; i < 5; i++) await ask(runs())
    for (let i = 0; i < 300; i++) {
      await pick(steps)()
      expect(t.audited.filter((line) => line.startsWith('task.'))).toHaveLength(written)
      const held = [...t.tasks.snapshot().values()].filter(({ state }) => isHeld(state))
      expect(held.length).toBeLessThanOrEqual(4)
      expect(held.filter(({ concurrency }) => concurrency).length).toBeLessThanOrEqual(2)
    }
    expect(new Set(t.audited.map((line) => line.split(' ')[0])).size).toBeGreaterThan(10)
    stop.abort()
    await done
  },
)

test('[S108] [TSK-209] how a task ended is told once it is on disk, once for each end', async () => {
  const t = refereeForTest()
  const told: string[] = []
  t.ports.ended = ({ id, state, attempt }) => told.push(`${id} ${state} ${attempt}`)
  const referee = t.start()
  const { ask } = t.asks(referee)
  const daemon = await daemonOf(t, referee)
  const [done, failed] = [await ask(runs()), await ask(runs())]
  const waits = await ask(runs('ls', { dependsOn: [failed] }))
  for (const id of [done, failed]) await daemon.claim(id)
  await daemon.report(done, 1, 'running')
  expect(told).toEqual([])
  await daemon.report(done, 1, 'completed', 0)
  // Said again, its answer lost: it has ended already.
  await daemon.report(done, 1, 'completed', 0)
  await daemon.report(failed, 1, 'failed', 1)
  const first = [`${done} completed 1`, `${failed} failed 1`, `${waits} cancelled 0`]
  expect(told).toEqual(first)
  await ask({ kind: 'retry', task: done })
  await daemon.claim(done)
  t.disk.fails = true
  await expect(daemon.report(done, 2, 'completed', 0)).rejects.toThrow()
  expect(told).toEqual(first)
})
