import { isTerminal } from '@tandem/shared'
import { createDeeds } from './deeds.ts'
import type { History } from './history.ts'
import { openSetting } from './setting.ts'
import { createWorld } from './world.ts'

export type Simulated = { wrong: readonly string[]; tasks: number; attempts: number; ended: Record<string, number> }

/** After the last fault: long enough for leases, tries, and questions that nobody answers. */
const restMs = 4 * 3_600_000

/**
 * Carries a history out: the real referee and the real task runner on three machines, over links, disks and clocks that
 * fail. Then everything is mended, and judged once it rests. `trace` is told all that happens, as a person can read it.
 */
export async function simulate(history: History, trace?: (line: string) => void): Promise<Simulated> {
  const world = createWorld(history.seed)
  const start = world.now()
  const tell = trace && ((line: string) => trace(`${((world.now() - start) / 1000).toFixed(3)} ${line}`))
  const facts = [
    ['desk', 3, ['gpu']],
    ['laptop', 2, []],
    ['attic', 1, []],
  ] as const
  const setting = openSetting(world, facts, tell)
  const { server, network, people, invariants, machines, moments } = setting
  const deeds = createDeeds(history, { ...setting, world, tell })

  for (const act of history.acts) {
    while (await world.step(start + act.at));
    deeds.do(act)
  }
  mend()
  for (const end = world.now() + restMs; world.now() < end && !isAtRest();) {
    decideAll()
    const next = world.now() + 5_000
    while (await world.step(next));
  }
  invariants.atRest()
  server.kill()
  for (const machine of machines) machine.kill()

  const tasks = [...server.kept.tasks.snapshot().values()]
  const ended: Record<string, number> = {}
  for (const { state } of tasks) ended[state] = (ended[state] ?? 0) + 1
  const attempts = tasks.reduce((sum, { attempt }) => sum + attempt, 0)
  return { wrong: invariants.wrong, tasks: tasks.length, attempts, ended }

  function isAtRest(): boolean {
    const tasks = server.kept.tasks.snapshot()
    return (
      !people.areWaiting() &&
      [...tasks.values()].every(({ state }) => isTerminal(state)) &&
      machines.every(({ processes, boot }) => processes.alive().length === 0 && boot()?.runner.held().length === 0)
    )
  }
  function decideAll(): void {
    for (const { id, state } of server.kept.ops.approvals.snapshot().values())
      if (state === 'pending') people.ask({ kind: 'approve', approval: id })
  }
  function mend(): void {
    tell?.('all is mended')
    moments.end()
    deeds.setDisk(false)
    server.start()
    server.now()?.life.resume()
    network.mend()
    for (const machine of machines) {
      machine.wake()
      invariants.wakes(machine)
      machine.start()
      people.ask({ kind: 'drain', daemon: machine.id, on: false })
    }
    people.fold()
  }
}
