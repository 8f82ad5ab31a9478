import { isHeld, isTerminal, type Id, type Task, type ToDaemon } from '@tandem/shared'
import type { Request } from '@tandem/shared/docs'
import { isAllowed } from './allowed.ts'
import type { Process } from './processes.ts'
import { createRequestRules } from './request-rules.ts'
import type { Boot, Machine } from './sim-daemon.ts'
import type { ServerLife, SimServer } from './sim-server.ts'
import type { World } from './world.ts'

/** What must hold, whatever fails: what does not is collected in words. */
export type Invariants = {
  readonly wrong: string[]
  /** A command begins. */
  begins(process: Process): void
  /** A daemon takes up what it was told. */
  hears(boot: Boot, message: ToDaemon): void
  /** A machine has slept, and its commands go on. */
  wakes(machine: Machine): void
  /** The records changed, in memory at least. */
  changed(tasks: ReadonlyMap<string, Task>): void
  /** The server starts, with what was on its disk. */
  started(server: ServerLife): void
  asked(id: Id, request: Request): void
  /** Whoever asked was told that it is done, or refused. */
  done(id: Id): void
  /** Faults have stopped, and everything has come to rest. */
  atRest(): void
}

type Options = {
  world: World
  server: SimServer
  machines: readonly Machine[]
  /** In whose name everything is asked. */
  person: Id
}

/** The longest that a command takes to end when it is asked to, ms. */
const graceMs = 11_000
/** A daemon that was heard so often, over so long, was told of every cancel. */
const enoughAcks = 4
const enoughMs = 40_000

export function createInvariants({ world, server, machines, person }: Options): Invariants {
  const wrong: string[] = []
  const begun = new Map<string, Process>()
  /** Attempts whose end was forced: they were given up, and what ran of them may go on until its daemon hears of it. */
  const givenUp = new Set<string>()
  /** Attempts by boot, of which that daemon heard that they are over. */
  const heardOver = new Set<string>()
  /** Of what runs though its cancel is on disk: since when, and how often its daemon was heard meanwhile. */
  const acks = new Map<string, { since: number; count: number }>()
  /** Somebody may have asked for one of them once more since. */
  const completed = new Set<Id>()
  let last: ReadonlyMap<string, Task> = new Map()
  const { kept } = server
  const alive = () => machines.flatMap(({ processes }) => processes.alive())
  const nameOf = (task: Task) => `${task.title} (${task.id})`
  const keyOf = ({ task, attempt }: { task: string; attempt: number }) => `${task}.${attempt}`
  const check = (holds: boolean, what: string) => {
    if (!holds && !wrong.includes(what)) wrong.push(what)
  }
  const requests = createRequestRules(kept, person, check)
  const bootOf = (process: Process) => machines.map(({ boot }) => boot()).find((boot) => boot?.id === process.boot)

  const ofChange = (before: Task | undefined, task: Task) => {
    const name = nameOf(task)
    if (task.cancel?.force && before && isHeld(before.state)) givenUp.add(keyOf({ ...task, task: task.id }))
    if (task.state === 'completed') completed.add(task.id)
    check(!before || task.attempt >= before.attempt, `attempts went back: ${name}`)
    check(!before?.cancel || task.attempt === before.attempt, `granted after its cancel was accepted: ${name}`)
    const isItHeld = isHeld(task.state)
    check(isItHeld === (task.lease !== undefined), `${task.state} ${isItHeld ? 'without' : 'with'} a lease: ${name}`)
    for (const old of before?.attempts ?? []) {
      const now = task.attempts.find(({ n }) => n === old.n)
      const mayChange = old.outcome === undefined || old.outcome === 'lost'
      check(!now || mayChange || now.outcome === old.outcome, `the outcome of attempt ${old.n} changed: ${name}`)
      check(!now || now.daemonId === old.daemonId, `attempt ${old.n} changed hands: ${name}`)
    }
    const its = begun.get(keyOf({ task: task.id, attempt: task.attempt }))
    const outcome = task.attempts.at(-1)
    if (its && before && isHeld(before.state) && outcome?.error === restarted) {
      const boot = bootOf(its)
      check(!boot || boot.isStopping(), `lost with a daemon that is there: ${name}`)
    }
    // Nobody but its own daemon's watchdog kills a command whose end was not asked for: its lease was over.
    const isKilled = outcome?.outcome === 'failed' && outcome.exitCode === null && outcome.error === undefined
    check(!isKilled, `its daemon gave it up, and it counts as failed: ${name}`)
    const wasParked = outcome?.outcome === 'parked'
    check(!wasParked || !its || its.ended?.state === 'parked', `it rests, but it was ${its?.ended?.state}: ${name}`)
    const token = task.result?.signal
    if (!isTerminal(task.state) || token === undefined || token === 'SIGKILL') return
    // Commands tell their number, so that it shows whose report was taken.
    check(`${its?.pid}` === token, `a report was taken that is not of attempt ${task.attempt}: ${name}`)
    // Whose end was asked for may still end by itself.
    const isSo = its?.ended?.state === task.state || (task.state === 'cancelled' && task.cancel !== undefined)
    check(isSo, `told as ${task.state}, but it was ${its?.ended?.state ?? 'ended'}: ${name}`)
  }

  return {
    wrong,
    begins: (process) => {
      const { task: id, machine: on } = process
      const key = keyOf(process)
      const task = kept.tasks.get(id)
      if (!task) return check(false, `a command of no task: ${key}`)
      const name = nameOf(task)
      check(!begun.has(key), `attempt ${process.attempt} was begun twice: ${name}`)
      begun.set(key, process)
      const others = alive().filter((other) => other !== process && !givenUp.has(keyOf(other)))
      // One that was given up may itself begin beside the next, where its daemon has not heard of that.
      check(givenUp.has(key) || !others.some((other) => other.task === id), `two commands at once: ${name}`)
      const machine = machines.find((each) => each.name === on)
      const here = alive().filter((other) => other.machine === on).length
      check(here <= (machine?.slots ?? 0), `${here} commands on ${machine?.slots} slots of ${on}`)
      check(!heardOver.has(`${process.boot} ${key}`), `begun after its daemon heard that it is over: ${name}`)
      check(task.attempt >= process.attempt, `begun before its grant was on disk: ${name}`)
      // What was given up begins where its daemon has not heard of that.
      if (!givenUp.has(key)) {
        check(task.attempt === process.attempt, `attempt ${process.attempt} was begun when it was over: ${name}`)
        check(!isTerminal(task.state) || task.state === 'lost', `begun when it was ${task.state}: ${name}`)
      }
      for (const other of task.dependsOn ?? []) check(completed.has(other), `begun before what it depends on: ${name}`)
      check(isAllowed(task, kept.ops), `begun without its approval: ${name}`)
      const asked = [...kept.ops.approvals.snapshot().values()].filter(({ subject }) => subject.task === id)
      const isOpen = asked.some(({ subject, state }) => subject.call !== undefined && state === 'pending')
      check(givenUp.has(key) || !isOpen, `begun before people had answered: ${name}`)
      const { payload } = task
      check(payload.kind === 'command' && payload.command !== 'denied', `begun against the policy: ${name}`)
      check(!task.target || task.target.daemonId === machine?.id, `begun on another machine than it is for: ${name}`)
      check(
        task.requires.every((each) => machine?.capabilities.includes(each)),
        `begun where it cannot run: ${name}`,
      )
      const { concurrency } = task
      if (!concurrency || givenUp.has(key)) return
      const same = others.filter((other) => kept.tasks.get(other.task)?.concurrency?.key === concurrency.key)
      check(same.length < concurrency.limit, `${same.length + 1} at once with the key ${concurrency.key}: ${name}`)
    },
    hears: (boot, message) => {
      if (message.t === 'hello-ack') {
        for (const each of message.kill) {
          heardOver.add(`${boot.id} ${keyOf(each)}`)
          endsWithin(1_000, boot, keyOf(each))
        }
        for (const process of alive()) if (process.boot === boot.id) ofAck(process)
      }
      if (message.t !== 'cancel') return
      const key = keyOf(message)
      heardOver.add(`${boot.id} ${key}`)
      endsWithin(graceMs, boot, key)
    },
    wakes: (machine) => {
      for (const process of machine.processes.alive()) {
        if (givenUp.has(keyOf(process))) continue
        const other = alive().find((each) => each.task === process.task && each !== process)
        check(!other || givenUp.has(keyOf(other)), `two commands at once, when ${machine.name} woke: ${process.task}`)
      }
    },
    changed: (tasks) => {
      for (const [id, task] of tasks) if (last.get(id) !== task) ofChange(last.get(id), task)
      last = tasks
    },
    started: ({ tasks }) => {
      last = tasks.snapshot()
    },
    asked: requests.asked,
    done: requests.done,
    atRest: () => {
      const tasks = kept.tasks.snapshot()
      for (const task of tasks.values()) {
        const { state, reason = 'for no reason' } = task
        check(isTerminal(state), `it is ${state} for ever (${reason}): ${nameOf(task)}`)
      }
      for (const process of alive()) check(false, `a command is left on ${process.machine}: ${process.task}`)
      for (const { name, boot } of machines)
        check((boot()?.runner.held().length ?? 0) === 0, `slots of ${name} are taken`)
      const calls = new Set<string>()
      for (const { subject, state } of kept.ops.approvals.snapshot().values()) {
        const call = `${subject.task}.${subject.attempt}.${subject.call}`
        check(subject.call === undefined || !calls.has(call), `people were asked twice about ${call}`)
        calls.add(call)
        check(subject.call === undefined || state !== 'pending', `nobody will answer about ${call}`)
      }
      requests.atRest(tasks)
    },
  }

  function endsWithin(ms: number, { id, life }: Boot, key: string): void {
    const process = begun.get(key)
    if (process?.boot !== id) return
    const before = life.isPaused() ? -1 : life.pauses()
    world.after(ms, () => {
      const isStill = alive().includes(process) && life.pauses() === before
      check(!isStill, `it goes on though its daemon heard that it is over: ${key}`)
    })
  }
  function ofAck(process: Process): void {
    const key = keyOf(process)
    const task = kept.tasks.get(process.task)
    if (task?.attempt !== process.attempt || !task.cancel) return void acks.delete(key)
    const seen = acks.get(key) ?? { since: world.now(), count: 0 }
    acks.set(key, { ...seen, count: seen.count + 1 })
    const isEnough = seen.count >= enoughAcks && world.now() - seen.since >= enoughMs
    check(!isEnough, `it goes on though its cancel was accepted long ago: ${nameOf(task)}`)
  }
}

/** The referee's words for an attempt that its daemon does not have any more. */
const restarted = 'the daemon restarted while it ran'
