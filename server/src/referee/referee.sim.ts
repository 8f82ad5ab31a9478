import { createId, isTerminal, type FromDaemon, type Id, type ToDaemon } from '@tandem/shared'
import { randomFrom } from '@tandem/shared/testing'
import type { Referee } from './referee.ts'
import { refereeForTest, runs } from './in-memory.suite.ts'

/** What went wrong in a run: empty where every invariant of TSK held. */
export type Violations = string[]

/** Daemon of the simulation: a link that loses and delays messages, processes that live and die, reports repeated until answered. */
type SimDaemon = {
  id: Id
  bootId: Id
  lastGrantSeq: number
  /** Attempts it holds: alive, or ended and not yet acknowledged. */
  held: Map<string, { task: Id; attempt: number; alive: boolean; n: number }>
  inbox: ToDaemon[]
}

/**
 * Lets two daemons, lost messages, crashes, cancels and restarts of the referee happen at random for `steps`, then heals
 * everything, and tells which promises were broken.
 */
export async function simulate(seed: number, steps: number): Promise<{ violations: Violations; ended: number }> {
  const random = randomFrom(seed)
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)]
  const t = refereeForTest()
  let referee: Referee = t.start()
  let n = 0
  const violations: Violations = []
  const alive = new Map<Id, number>()
  const started = new Set<string>()
  const cancelledUnseen = new Set<Id>()
  const newDaemon = (): SimDaemon => ({
    id: createId(),
    bootId: createId(),
    lastGrantSeq: 0,
    held: new Map(),
    inbox: [],
  })
  const daemons = [newDaemon(), newDaemon()]
  const attemptOf = new Map<Id, number>()

  const say = (d: SimDaemon, m: FromDaemon, lossless = false) =>
    lossless || random() < 0.85 ? referee.onMessage(d.id, m) : undefined
  const hello = (d: SimDaemon, lossless = false) => {
    const running = [...d.held.values()].map(({ task, attempt }) => ({ task, attempt }))
    return say(
      d,
      { t: 'hello', protocol: 1, bootId: d.bootId, mono: 0, slots: 3, running, lastGrantSeq: d.lastGrantSeq },
      lossless,
    )
  }
  const collect = () => {
    for (const { to, message } of t.sent.splice(0)) daemons.find((d) => d.id === to)?.inbox.push(message)
  }
  const stop = (d: SimDaemon, key: string) => {
    const held = d.held.get(key)
    if (held?.alive) alive.set(held.task, (alive.get(held.task) ?? 1) - 1)
    if (held) held.alive = false
  }
  const read = (d: SimDaemon, m: ToDaemon) => {
    if (m.t === 'grant') {
      if (m.grantSeq <= d.lastGrantSeq) return
      d.lastGrantSeq = m.grantSeq
      if (cancelledUnseen.has(m.task)) violations.push(`started after an accepted cancel: ${m.task}`)
      if ((alive.get(m.task) ?? 0) > 0) violations.push(`two processes at once: ${m.task}`)
      if ([...d.held.values()].filter((h) => h.alive).length >= 3) violations.push('more processes than slots')
      if (started.has(`${m.task}.${m.attempt}`)) violations.push(`one attempt started twice: ${m.task}.${m.attempt}`)
      started.add(`${m.task}.${m.attempt}`)
      alive.set(m.task, (alive.get(m.task) ?? 0) + 1)
      d.held.set(`${m.task}.${m.attempt}`, { task: m.task, attempt: m.attempt, alive: true, n: 0 })
    } else if (m.t === 'cancel') {
      const key = `${m.task}.${m.attempt}`
      // Of an attempt it has not: its grant got lost, and will not come any more.
      if (!d.held.has(key)) d.held.set(key, { task: m.task, attempt: m.attempt, alive: false, n: 0 })
      stop(d, key)
    } else if (m.t === 'hello-ack') {
      for (const k of m.kill) {
        stop(d, `${k.task}.${k.attempt}`)
        d.held.delete(`${k.task}.${k.attempt}`)
      }
    } else if (m.t === 'ack') for (const [key, h] of d.held) if (!h.alive && h.n === m.n) d.held.delete(key)
  }
  const report = (d: SimDaemon, key: string, lossless = false) => {
    const h = d.held.get(key)
    if (!h) return undefined
    if (h.alive) stop(d, key)
    h.n ||= ++n
    return say(
      d,
      { t: 'report', n: h.n, task: h.task, attempt: h.attempt, state: 'completed', result: { exitCode: h.attempt } },
      lossless,
    )
  }
  const check = () => {
    for (const [id, task] of t.tasks.snapshot()) {
      if (task.attempt < (attemptOf.get(id) ?? 0)) violations.push(`an attempt went back: ${id}`)
      attemptOf.set(id, task.attempt)
      // The simulated processes answer with the number of their attempt.
      if (task.state === 'completed' && task.result?.exitCode !== task.attempt)
        violations.push(`a stale report counted: ${id}`)
      if (task.state === 'cancelled') cancelledUnseen.add(id)
      else cancelledUnseen.delete(id)
    }
  }

  for (const d of daemons) await hello(d, true)
  for (let i = 0; i < steps; i++) {
    const d = pick(daemons) as SimDaemon
    const task = pick([...t.tasks.snapshot().keys()])
    const dice = random()
    if (dice < 0.12) await t.asks(referee).ask(runs('ls', { onLost: pick(['keep', 'requeue']) }))
    else if (dice < 0.15 && task) await t.asks(referee).ask({ kind: 'retry', task })
    else if (dice < 0.34 && task) await say(d, { t: 'claim', n: ++n, task, mono: 0 })
    else if (dice < 0.5) await report(d, pick([...d.held.keys()]) ?? '')
    else if (dice < 0.55 && task) await t.asks(referee).ask({ kind: 'cancel', task, force: false })
    else if (dice < 0.65) await hello(d)
    else if (dice < 0.67) {
      for (const key of d.held.keys()) stop(d, key)
      Object.assign(d, { bootId: createId(), lastGrantSeq: 0, held: new Map(), inbox: [] })
      await hello(d, true)
    } else if (dice < 0.69) referee = t.start()
    else {
      const m = d.inbox.shift()
      // A connection that drops loses everything after the point, never a message in between.
      if (m && random() < 0.9) read(d, m)
      else if (m) d.inbox.length = 0
    }
    collect()
    check()
  }
  // Faults stop: everyone says hello, reports, claims, until all tasks have ended.
  for (let round = 0; round < 2_000 && [...t.tasks.snapshot().values()].some((x) => !isTerminal(x.state)); round++) {
    for (const d of daemons) {
      await hello(d, true)
      for (const id of t.tasks.snapshot().keys())
        if (t.tasks.get(id)?.state === 'queued') await say(d, { t: 'claim', n: ++n, task: id, mono: 0 }, true)
      collect()
      for (const m of d.inbox.splice(0)) read(d, m)
      for (const key of [...d.held.keys()]) await report(d, key, true)
      collect()
      for (const m of d.inbox.splice(0)) read(d, m)
      check()
    }
  }
  const left = [...t.tasks.snapshot().values()].filter((x) => !isTerminal(x.state))
  for (const task of left) violations.push(`stuck in ${task.state}: ${task.id}`)
  return { violations, ended: t.tasks.snapshot().size - left.length }
}
