import { aborted, changes, notBegun, type FromDaemon, type Id, type ToDaemon } from '@tandem/shared'
import { when, type View } from '@tandem/shared/docs'
import { runAttempt, type AttemptPorts } from './attempt.ts'
import { createClaims, type ClaimPorts } from './claims.ts'
import type { Outcome, Parking, StopReason } from './execute.ts'
import { createOutbox } from './outbox.ts'
import { createTerminals } from './terminals.ts'
import type { Watchdog } from './watchdog.ts'

export type TaskRunnerPorts = ClaimPorts &
  AttemptPorts & {
    slots: number
    /** While it says true nothing is claimed; what runs goes on. */
    draining: View<boolean>
    /** Over the daemon document's channel; may be lost, so everything is repeated until answered. */
    send(message: FromDaemon): void
    /** Milliseconds that never jump, and go on while the machine sleeps: the same for every process on it. */
    mono(): number
    /** Sees to it that what must end does, also while this process hangs, or is no more. */
    watchdog: Watchdog
  }

export type TaskRunner = {
  /** For the hello: attempts that run or whose report is not answered yet, and the newest grant we saw. */
  held(): { task: Id; attempt: number }[]
  lastGrantSeq(): number
  /** Every message to this daemon, in order. */
  onMessage(message: ToDaemon): void
  /** Claims queued tasks and runs them, at most `slots` at a time; settles once all processes are gone. */
  run(signal: AbortSignal): Promise<void>
}

type Held = {
  task: Id
  attempt: number
  /** Ends the process; its reason is a StopReason. */
  stop: AbortController
  /** Ends it at once. */
  kill: AbortController
  /** Nobody wants to hear of this attempt any more. */
  fence: AbortController
  askedAtMono: number
  requeues: boolean
  work: Promise<void>
}

const repeatMs = 3_000
/** On stopping: how long the last reports may take once the last process has ended. */
const farewellMs = 2_000

/** Runs tasks. Nothing starts without the referee's grant, nor against the owner's policy; observers only wake the loop, which then acts. */
export function createTaskRunner(ports: TaskRunnerPorts): TaskRunner {
  const { tasks, approvals, clock, mono, log, slots, draining } = ports
  const outbox = createOutbox(ports.send, mono)
  const claims = createClaims(ports, outbox, mono)
  const terminals = createTerminals(log)
  const held = new Map<string, Held>()
  const loop = createWaker()
  const giveUp = new AbortController()
  const running = new Set<Promise<unknown>>()
  let lastGrantSeq = 0
  let leaseMs = 30_000
  let heardAtMono = 0
  let stopping = false

  const find = (task: Id, attempt: number) => held.get(`${task}.${attempt}`)
  const end = (h: Held, reason: StopReason) => h.stop.abort(reason)
  /** Without asking it: soon it may run elsewhere, or it does already. */
  const kill = (h: Held, reason: StopReason) => {
    end(h, reason)
    h.kill.abort()
  }
  const fence = (h: Held | undefined) => {
    if (!h) return
    kill(h, 'fenced')
    h.fence.abort()
  }

  /** What may be given to another daemon is stopped here before that can happen; the watchdog does it where we cannot. */
  const endsAt = ({ askedAtMono }: Pick<Held, 'askedAtMono'>) => Math.max(heardAtMono, askedAtMono) + 2 * leaseMs
  const watchLeases = () => {
    for (const h of held.values()) if (h.requeues && mono() > endsAt(h)) kill(h, 'lease-lost')
  }

  const attemptPorts: AttemptPorts = {
    ...ports,
    execute: async (task, job) => {
      const execution = ports.execute(task, job)
      running.add(execution)
      const outcome = await execution.finally(() => running.delete(execution))
      // The watchdog may have been before us: what it ended was given up, and did not fail.
      if (typeof outcome.result.exitCode !== 'number') watchLeases()
      return outcome
    },
  }

  /** Claimed before it was to stop, and granted after. */
  const giveBack = (task: Id, attempt: number) => {
    outbox.say(() => ({ t: 'report', task, attempt, ...givenBack }))
  }

  const onGrant = ({
    n,
    task,
    attempt,
    grantSeq,
    mono: askedAtMono,
    leaseMs: life,
  }: Extract<ToDaemon, { t: 'grant' }>) => {
    outbox.answer(n)
    if (grantSeq <= lastGrantSeq) return
    if (stopping) return giveBack(task, attempt)
    // The lease counts from when we asked: read too late, it is no longer ours. The next hello says that we have it not.
    if (mono() - askedAtMono > life) return log.warn('grant came too late', { task, attempt })
    leaseMs = life
    lastGrantSeq = grantSeq
    const older = [...held.values()].filter((h) => h.task === task)
    older.forEach(fence)
    const entry: Held = {
      task,
      attempt,
      stop: new AbortController(),
      kill: new AbortController(),
      fence: new AbortController(),
      askedAtMono,
      requeues: false,
      work: Promise.resolve(),
    }
    held.set(`${task}.${attempt}`, entry)
    entry.work = attend(entry, Promise.all(older.map((h) => h.work)))
  }

  /** One granted attempt until its report is answered. */
  const attend = async (entry: Held, before: Promise<unknown>) => {
    const { task: id, attempt, stop } = entry
    const terminal = terminals.begin(id, attempt)
    const over = AbortSignal.any([giveUp.signal, entry.fence.signal])
    try {
      await before
      // The record names its attempt before the grant is sent, but may reach us a moment after it.
      const task = await when(tasks, (all) => ofAttempt(all.get(id), attempt), over)
      entry.requeues = task.onLost === 'requeue'
      let started: number | undefined
      const onStart = () => {
        // We may have hung since the grant came, and no timer has noticed yet.
        watchLeases()
        if (stop.signal.aborted) return
        started = outbox.say(() => ({ t: 'report', task: id, attempt, state: 'running' })).n
      }
      const onProcess = (pid: number) => ports.watchdog.watch(pid, entry.requeues ? endsAt(entry) : undefined)
      const outcome =
        claims.refusal(task) ??
        (await runAttempt(task, attemptPorts, {
          stop: stop.signal,
          killSignal: entry.kill.signal,
          giveUp: over,
          onStart,
          onProcess,
          onTerminal: terminal.open,
        }))
      if (started !== undefined) outbox.drop(started)
      if (over.aborted) return
      const isGivenBack = started === undefined && outcome.state === 'failed' && stop.signal.reason === 'stopped'
      const word = wordFor(isGivenBack ? givenBack : outcome)
      const { n, answered } = outbox.say(() => ({ ...word, task: id, attempt }))
      await Promise.race([answered, aborted(over)])
      outbox.drop(n)
    } catch (error) {
      if (!over.aborted) log.error('attempt failed', { task: id, attempt, error })
    } finally {
      terminal.end()
      held.delete(`${id}.${attempt}`)
      claims.forgetRefusals()
      loop.wake()
    }
  }

  const cancel = ({ task, attempt, force }: Extract<ToDaemon, { t: 'cancel' }>) => {
    const known = find(task, attempt)
    if (known) return (force ? kill : end)(known, 'cancelled')
    // Its grant got lost with a connection, and cannot come any more: it stood before this message.
    outbox.say(() => ({ t: 'report', task, attempt, state: 'cancelled' }))
  }

  return {
    held: () => [...held.values()].map(({ task, attempt }) => ({ task, attempt })),
    lastGrantSeq: () => lastGrantSeq,
    onMessage: (message) => {
      switch (message.t) {
        case 'grant':
          onGrant(message)
          break
        case 'no-grant':
          outbox.answer(message.n)
          claims.refused(message.task)
          log.debug('task not granted', { task: message.task, reason: message.reason })
          break
        case 'ack':
          outbox.answer(message.n)
          break
        case 'cancel':
          cancel(message)
          break
        case 'hello-ack':
          // What is over stays so: the watchdog has ended it, and this word may have lain here while we hung.
          watchLeases()
          leaseMs = message.leaseMs
          heardAtMono = Math.max(heardAtMono, message.mono)
          ports.watchdog.putOff(heardAtMono + 2 * leaseMs)
          for (const { task, attempt } of message.kill) fence(find(task, attempt))
          claims.forgetRefusals()
          // Said on a connection that is gone, perhaps.
          outbox.repeat(1_000)
          break
        case 'typed':
        case 'resized':
          return terminals.hear(message)
        case 'status-request':
        case 'pong':
        case 'error':
          return
        default:
          return message satisfies never
      }
      loop.wake()
    },
    run: async (signal) => {
      let cancelTimer = () => {}
      const tick = () => {
        outbox.repeat(repeatMs)
        watchLeases()
        loop.wake()
        cancelTimer = clock.after(1_000, tick)
      }
      cancelTimer = clock.after(1_000, tick)
      for await (const _ of changes([tasks, approvals, loop, draining], signal))
        if (!draining.snapshot()) claims.look(slots - held.size)
      stopping = true
      for (const h of held.values()) end(h, 'stopped')
      // Processes are waited for however long it takes: nothing of ours outlives us, and how each ended is told.
      await Promise.allSettled(running)
      const cancelFarewell = clock.after(farewellMs, () => giveUp.abort())
      await Promise.all([...held.values()].map((h) => h.work))
      cancelFarewell()
      cancelTimer()
    },
  }
}

/** Granted, but nothing of it was begun: whoever is left may have it. */
const givenBack = {
  state: 'failed' as const,
  result: { code: notBegun, error: 'the daemon was stopped before it began' },
}

/** What is said of an attempt that is over. */
function wordFor(outcome: Outcome | Parking) {
  if (outcome.state !== 'parked') return { t: 'report' as const, state: outcome.state, result: outcome.result }
  const { state: _, ...parking } = outcome
  return { t: 'park' as const, ...parking }
}

const ofAttempt = <T extends { attempt: number }>(task: T | undefined, attempt: number) =>
  task?.attempt === attempt ? task : undefined

/** Wakes the loop for what is no document: messages, time, slots. */
function createWaker() {
  const wakes = new Set<() => void>()
  return {
    wake: () => wakes.forEach((wake) => wake()),
    subscribe: (wake: () => void) => {
      wakes.add(wake)
      return () => wakes.delete(wake)
    },
  }
}
