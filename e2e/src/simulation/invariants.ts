import { isTerminal, type Id, type Task } from '@tandem/shared'
import type { Request } from '@tandem/shared/docs'
import type { Process } from './processes.ts'
import type { Machine } from './sim-daemon.ts'
import type { ServerLife, SimServer } from './sim-server.ts'

/** What must hold, whatever fails: what does not is collected in words. */
export type Invariants = {
  readonly wrong: string[]
  /** A command begins. */
  begins(process: Process): void
  /** The records changed, in memory at least. */
  changed(tasks: ReadonlyMap<string, Task>): void
  /** The server starts, with what was on its disk. */
  started(server: ServerLife): void
  asked(id: Id, request: Request): void
  /** Faults have stopped, and everything has come to rest. */
  atRest(): void
}

type Options = { server: SimServer; machines: readonly Machine[]; needsYes(task: Task): boolean }

export function createInvariants({ server, machines, needsYes }: Options): Invariants {
  const wrong: string[] = []
  const begun = new Map<string, Process>()
  /** Their end was forced: they were given up, and what ran of them may go on until its daemon hears of it. */
  const givenUp = new Set<Id>()
  /** Somebody may have asked for one of them once more since. */
  const completed = new Set<Id>()
  const asked = new Map<Id, Request>()
  let last: ReadonlyMap<string, Task> = new Map()
  const { kept } = server
  const alive = () => machines.flatMap(({ processes }) => processes.alive())
  const nameOf = (task: Task) => `${task.title} (${task.id})`
  const check = (holds: boolean, what: string) => {
    if (!holds && !wrong.includes(what)) wrong.push(what)
  }

  const ofChange = (before: Task | undefined, task: Task) => {
    const name = nameOf(task)
    if (task.cancel?.force) givenUp.add(task.id)
    if (task.state === 'completed') completed.add(task.id)
    check(!before || task.attempt >= before.attempt, `attempts went back: ${name}`)
    const isHeld = ['leased', 'running', 'cancelling', 'disconnected'].includes(task.state)
    check(isHeld === (task.lease !== undefined), `${task.state} ${isHeld ? 'without' : 'with'} a lease: ${name}`)
    for (const old of before?.attempts ?? []) {
      const now = task.attempts.find(({ n }) => n === old.n)
      const mayChange = old.outcome === undefined || old.outcome === 'lost'
      check(!now || mayChange || now.outcome === old.outcome, `the outcome of attempt ${old.n} changed: ${name}`)
      check(!now || now.daemonId === old.daemonId, `attempt ${old.n} changed hands: ${name}`)
    }
    const token = task.result?.signal
    if (!isTerminal(task.state) || token === undefined || token === 'SIGKILL') return
    // Commands tell their number, so that it shows whose report was taken.
    const its = begun.get(`${task.id}.${task.attempt}`)
    check(`${its?.pid}` === token, `a report was taken that is not of attempt ${task.attempt}: ${name}`)
    // Whose end was asked for may still end by itself.
    const isSo = task.state === 'cancelled' || its?.ended?.state === task.state
    check(isSo, `told as ${task.state}, but it was ${its?.ended?.state ?? 'ended'}: ${name}`)
  }

  return {
    wrong,
    begins: (process) => {
      const { task: id, attempt, machine: on } = process
      const key = `${id}.${attempt}`
      const task = kept.tasks.get(id)
      if (!task) return check(false, `a command of no task: ${key}`)
      const name = nameOf(task)
      check(!begun.has(key), `attempt ${attempt} was begun twice: ${name}`)
      begun.set(key, process)
      const others = alive().filter((other) => other !== process)
      check(givenUp.has(id) || !others.some((other) => other.task === id), `two commands at once: ${name}`)
      const machine = machines.find((each) => each.name === on)
      const here = others.filter((other) => other.machine === on).length + 1
      check(here <= (machine?.slots ?? 0), `${here} commands on ${machine?.slots} slots of ${on}`)
      check(task.attempt >= attempt, `begun before its grant was on disk: ${name}`)
      check(task.attempt === attempt || givenUp.has(id), `attempt ${attempt} was begun when it was over: ${name}`)
      check(task.state !== 'cancelled' || givenUp.has(id), `begun after its cancel was accepted: ${name}`)
      for (const other of task.dependsOn ?? []) check(completed.has(other), `begun before what it depends on: ${name}`)
      const yes = [...kept.ops.approvals.snapshot().values()].filter(
        (a) => a.subject.task === id && a.state === 'approved',
      )
      check(!needsYes(task) || yes.length > 0, `begun without its approval: ${name}`)
      check(!task.target || task.target.daemonId === machine?.id, `begun on another machine than it is for: ${name}`)
      check(
        task.requires.every((each) => machine?.capabilities.includes(each)),
        `begun where it cannot run: ${name}`,
      )
      const { concurrency } = task
      if (!concurrency) return
      const same = others.filter((other) => {
        const theirs = kept.tasks.get(other.task)
        return theirs?.concurrency?.key === concurrency.key && !givenUp.has(other.task)
      })
      check(same.length < concurrency.limit, `${same.length + 1} at once with the key ${concurrency.key}: ${name}`)
    },
    changed: (tasks) => {
      for (const [id, task] of tasks) if (last.get(id) !== task) ofChange(last.get(id), task)
      last = tasks
    },
    started: ({ tasks }) => {
      last = tasks.snapshot()
    },
    asked: (id, request) => asked.set(id, request),
    atRest: () => {
      const tasks = kept.tasks.snapshot()
      for (const task of tasks.values()) {
        const { state, reason = 'for no reason' } = task
        check(isTerminal(state), `it is ${state} for ever (${reason}): ${nameOf(task)}`)
      }
      for (const process of alive()) check(false, `a command is left on ${process.machine}: ${process.task}`)
      for (const { name, boot } of machines)
        check((boot()?.runner.held().length ?? 0) === 0, `slots of ${name} are taken`)
      ofRequests(tasks)
      ofAudit(tasks)
    },
  }

  function ofRequests(tasks: ReadonlyMap<string, Task>): void {
    const refused = new Set(
      kept.audited.filter(({ action }) => action.endsWith('.refused')).map(({ object }) => object),
    )
    const byKey = new Map<string, number>()
    for (const [id, { body }] of asked) {
      if (body.kind !== 'create') continue
      const key = body.task.idempotencyKey
      if (key !== undefined && tasks.has(id)) byKey.set(key, (byKey.get(key) ?? 0) + 1)
      const isThere = tasks.has(id) || refused.has(id) || key !== undefined
      check(isThere, `what was asked for never came: ${body.task.title} (${id})`)
    }
    for (const [key, count] of byKey) check(count === 1, `${count} tasks of the key ${key}`)
  }

  /** The audit tells each transition once, in order, and ends where the record stands. */
  function ofAudit(tasks: ReadonlyMap<string, Task>): void {
    const states = new Map<string, string>()
    for (const { action, object, details } of kept.audited) {
      if (!action.startsWith('task.')) continue
      const { from, to } = (details ?? {}) as { from?: string; to?: string }
      if (action !== 'task.create')
        check(
          states.get(object) === from,
          `the audit leaps from ${states.get(object)} to ${from} (${action}): ${object}`,
        )
      check(to !== undefined, `the audit does not say where ${action} led: ${object}`)
      states.set(object, to ?? '')
    }
    for (const [id, { state }] of tasks)
      check(states.get(id) === state, `the audit ends with ${states.get(id)}, not ${state}: ${id}`)
  }
}
