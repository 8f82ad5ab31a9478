import { isTerminal, type Task } from '@tandem/shared'
import { randomFrom } from '@tandem/shared/testing'
import { createPeople, drawTask, type People } from './asks.ts'
import type { Act, History } from './history.ts'
import { createInvariants, type Invariants } from './invariants.ts'
import { createNetwork, type Network } from './network.ts'
import { createMachine, type Machine } from './sim-daemon.ts'
import { createSimServer, type SimServer } from './sim-server.ts'
import { createWorld } from './world.ts'

export type Simulated = { wrong: readonly string[]; tasks: number; attempts: number; ended: Record<string, number> }

/** After the last fault: long enough for leases, tries, and questions that nobody answers. */
const restMs = 4 * 3_600_000

/**
 * Carries a history out: the real referee and the real task runner on three machines, over links, disks and clocks that
 * fail. Then everything is mended, and judged once it rests.
 */
export async function simulate(history: History, trace?: (line: string) => void): Promise<Simulated> {
  const world = createWorld(history.seed)
  const start = world.now()
  const tell = (line: string) => trace?.(`${((world.now() - start) / 1000).toFixed(3)} ${line}`)
  const isAsked = ({ title }: Task) => title.includes('asks')
  // Tied to each other, they are made one after the other.
  const it = {} as { server: SimServer; network: Network; invariants: Invariants; people: People }
  let [diskFails, made] = [false, 0]

  const machines: Machine[] = (
    [
      ['desk', 3, ['gpu']],
      ['laptop', 2, []],
      ['attic', 1, []],
    ] as const
  ).map(([name, slots, capabilities]) =>
    createMachine({
      world,
      name,
      slots,
      capabilities,
      send: (boot, message) => {
        tell(`  ${name} says ${JSON.stringify(message)}`)
        it.network.fromDaemon(boot, message)
      },
      judge: (task, approvals) => {
        if (task.title.includes('denied')) return { decision: 'refuse', code: 'command-denied', reason: 'not here' }
        const said = [...approvals].filter((a) => a.subject.task === task.id && a.argsHash === task.title)
        if (!isAsked(task) || said.some((a) => a.state === 'approved')) return { decision: 'run' }
        return { decision: 'ask', argsHash: task.title, summary: task.title, reason: 'Better ask.', risk: 'low' }
      },
      onProcess: (process) => {
        tell(`begins ${process.task}.${process.attempt} on ${name}`)
        it.invariants.begins(process)
      },
    }),
  )
  it.server = createSimServer({
    world,
    send: (daemon, message) => {
      tell(`  ${machines.find(({ id }) => id === daemon)?.name} is told ${JSON.stringify(message)}`)
      it.network.toDaemon(daemon, message)
    },
    changed: (doc, update) => {
      const now = it.server.now()
      it.network.changed(doc, update)
      if (doc === 'tasks' && now) it.invariants.changed(now.tasks.snapshot())
    },
    onStart: (now) => {
      it.invariants.started(now)
      world.after(0, it.people.fold)
    },
    ownerOf: () => undefined,
  })
  it.invariants = createInvariants({
    server: it.server,
    machines,
    needsYes: (task) => isAsked(task) || task.gate !== undefined,
  })
  it.people = createPeople(world, { server: () => it.server, onAsk: it.invariants.asked })
  it.network = createNetwork(world, { machines, server: () => it.server, mayConnect: () => !diskFails })
  it.server.start()
  for (const machine of machines) machine.start()

  for (const act of history.acts) {
    while (await world.step(start + act.at));
    doAct(act)
  }
  mend()
  for (const end = world.now() + restMs; world.now() < end && !isAtRest();) {
    decideAll()
    const next = world.now() + 5_000
    while (await world.step(next));
  }
  it.invariants.atRest()
  it.server.kill()
  for (const machine of machines) machine.kill()

  const tasks = [...it.server.kept.tasks.snapshot().values()]
  const ended: Record<string, number> = {}
  for (const { state } of tasks) ended[state] = (ended[state] ?? 0) + 1
  const attempts = tasks.reduce((sum, { attempt }) => sum + attempt, 0)
  return { wrong: it.invariants.wrong, tasks: tasks.length, attempts, ended }

  function isAtRest(): boolean {
    const tasks = it.server.kept.tasks.snapshot()
    return (
      !it.people.areWaiting() &&
      [...tasks.values()].every(({ state }) => isTerminal(state)) &&
      machines.every(({ processes, boot }) => processes.alive().length === 0 && boot()?.runner.held().length === 0)
    )
  }
  function decideAll(): void {
    for (const { id, state } of it.server.kept.ops.approvals.snapshot().values())
      if (state === 'pending') it.people.ask({ kind: 'approve', approval: id })
  }
  function mend(): void {
    tell('all is mended')
    setDisk(false)
    it.server.start()
    it.server.now()?.life.resume()
    it.network.mend()
    for (const machine of machines) {
      machine.wake()
      machine.start()
      it.people.ask({ kind: 'drain', daemon: machine.id, on: false })
    }
    it.people.fold()
  }
  function setDisk(fails: boolean): void {
    diskFails = fails
    it.server.setDiskFailing(fails)
    if (fails) it.network.cutAll(false)
    else it.people.fold()
  }

  function doAct({ does, dice }: Act): void {
    const roll = randomFrom(Math.floor(dice * 2 ** 31))
    const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(roll() * list.length)]
    const known = [...(it.server.now()?.tasks ?? it.server.kept.tasks).snapshot().values()]
    const task = pick(known.filter(({ state }) => !isTerminal(state)))
    const machine = pick(machines) as Machine
    const boot = machine.boot()
    /** Mostly a moment, and now and then longer than any lease. */
    const aWhile = () => (roll() < 0.25 ? roll() * 300_000 : roll() ** 2 * 20_000)
    tell(`${does} ${machine.name} ${task?.id ?? ''}`)
    switch (does) {
      case 'create':
      case 'createOffline':
        it.people.ask(
          drawTask(roll, ++made, { known, daemons: machines.map(({ id }) => id) }),
          does === 'create' ? 0 : aWhile(),
        )
        return
      case 'cancel':
      case 'force':
        if (task) it.people.ask({ kind: 'cancel', task: task.id, force: does === 'force' })
        return
      case 'cancelMany':
        it.people.ask({ kind: 'cancel-many', tasks: known.slice(-3).map(({ id }) => id) })
        return
      case 'retry':
      case 'rerun': {
        const over = pick(known.filter(({ state }) => isTerminal(state)))
        if (over) it.people.ask({ kind: does, task: over.id })
        return
      }
      case 'decide': {
        const open = [...it.server.kept.ops.approvals.snapshot().values()].filter(({ state }) => state === 'pending')
        const approval = pick(open)?.id
        if (approval !== undefined) it.people.ask({ kind: roll() < 0.8 ? 'approve' : 'reject', approval })
        return
      }
      case 'drain':
        it.people.ask({ kind: 'drain', daemon: machine.id, on: roll() < 0.5 })
        return
      case 'cut':
        return it.network.cut(machine)
      case 'partition':
        return it.network.partition(machine, pick([['up'], ['down'], ['up', 'down']] as const) ?? ['up'], aWhile())
      case 'killDaemon':
        machine.kill()
        it.network.cut(machine, { down: true })
        world.after(300 + aWhile(), machine.start)
        return
      case 'stopDaemon':
        void boot?.stop().then(() => {
          it.network.cut(machine)
          world.after(300 + roll() * 5_000, machine.start)
        })
        return
      case 'hang':
        boot?.life.pause()
        it.network.fallsSilent(machine)
        world.after(aWhile(), () => boot?.life.resume())
        return
      case 'sleep':
        machine.sleep()
        it.network.fallsSilent(machine)
        world.after(aWhile(), machine.wake)
        return
      case 'jumpDaemon':
        return boot?.life.clock.jump((roll() - 0.5) * 96 * 3_600_000)
      case 'killServer': {
        const kill = () => {
          it.server.kill()
          it.network.cutAll(true)
          world.after(200 + aWhile(), it.server.start)
        }
        // At any instant, and often at the worst: between a decision, the disk, and the word of it.
        if (roll() < 0.3) kill()
        else it.server.atNextCommit(() => world.after(world.between(0, 10), kill))
        return
      }
      case 'hangServer': {
        const now = it.server.now()
        now?.life.pause()
        for (const each of machines) it.network.fallsSilent(each)
        world.after(aWhile(), () => now?.life.resume())
        return
      }
      case 'jumpServer':
        return it.server.now()?.life.clock.jump((roll() - 0.5) * 4 * 3_600_000)
      case 'failDisk':
        setDisk(true)
        world.after(aWhile(), () => setDisk(false))
        return
      default:
        return does satisfies never
    }
  }
}
