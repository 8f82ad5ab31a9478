import {
  inWords,
  isHeld,
  notBegun,
  statesThat,
  taskStates,
  type Id,
  type Pass,
  type Task,
  type TaskOutput,
  type TaskResult,
  type TaskState,
} from '@tandem/shared'
import { againAfter, close, lastAttempt, settled, withOutput, without } from './attempts.ts'

/** Where a task stands that nobody has begun: what it waits for first. */
export type Place =
  | { state: 'scheduled' | 'blocked'; reason: string }
  | { state: 'awaiting_approval'; reason: string; approvalId: Id }
  | { state: 'queued' }

/** Everything that can happen to a task. */
export type TaskEvent =
  /** Its time has come, or what it depends on has completed. */
  | { t: 'proceed'; to: Place }
  /** It will not be run: what it depends on ended otherwise, or a newer one takes its place. */
  | { t: 'drop'; code: 'dependency' | 'replaced'; reason: string }
  /** Nobody began it in time. */
  | { t: 'expire' }
  /** The daemon's policy wants a person to decide. */
  | { t: 'ask'; approvalId: Id; reason: string }
  | { t: 'approve' }
  | { t: 'reject'; reason: string }
  /** Its attempt has ended, and another goes on later: at `runAt`, or when people have answered. */
  | { t: 'park'; to: Place; runAt?: number; result: TaskResult | undefined }
  /** People have answered all that its last attempt asked, whatever they said. */
  | { t: 'resume' }
  /** Somebody wants it to start before its time. */
  | { t: 'wake'; to: Place }
  /** No daemon will run it. */
  | { t: 'refuse'; result: TaskResult }
  /** A daemon will never run it, another may. */
  | { t: 'pass'; by: Pass }
  | { t: 'grant'; lease: NonNullable<Task['lease']> }
  | { t: 'start' }
  /** The lease ran out: nobody knows how the process fares. */
  | { t: 'unseen' }
  /** The daemon is back and still runs it. */
  | { t: 'seen' }
  /** The daemon that it was granted to has not begun it, and will not. */
  | { t: 'return'; reason: string }
  /** Proven dead, or waited for long enough. */
  | { t: 'lose'; reason: string }
  | { t: 'end'; state: 'completed' | 'failed' | 'timed_out' | 'cancelled'; result: TaskResult | undefined }
  /** The whole output of an attempt that is over has come. */
  | { t: 'output'; attempt: number; output: TaskOutput }
  | { t: 'cancel'; by: Id; force: boolean; reason?: string }
  | { t: 'retry'; to: Place }

const { wait: waiting, areHeld: held, haveEnded: ended } = statesThat

/** The whole state machine: where each event may happen. `lost` hears a late result until someone retries. */
const lawful: Readonly<Record<TaskEvent['t'], readonly TaskState[]>> = {
  proceed: ['scheduled', 'blocked'],
  drop: waiting,
  expire: ['queued'],
  ask: ['queued'],
  approve: ['awaiting_approval'],
  reject: ['awaiting_approval'],
  park: held,
  resume: ['awaiting_approval'],
  wake: ['scheduled'],
  refuse: ['queued'],
  pass: ['queued'],
  grant: ['queued'],
  // A cancel may be decided between the start and the news of it; a hello may be heard before that news.
  start: ['leased', 'running', 'disconnected', 'cancelling'],
  unseen: ['leased', 'running', 'cancelling'],
  seen: ['leased', 'disconnected'],
  return: held,
  lose: held,
  end: [...held, 'lost'],
  output: taskStates,
  cancel: [...waiting, ...held],
  retry: ended,
}

/** So often at most a task that asked for it is queued again because it was lost. */
const maxRequeues = 4
const keptAttempts = 10
const mostPasses = 64

/**
 * The task after the event, at the server's time `now`; undefined where the event is not lawful in this state. `chance`
 * in [0, 1) is for the rest before it is run again by itself.
 */
export function next(task: Task, event: TaskEvent, now: number, chance = 0): Task | undefined {
  if (!lawful[event.t].includes(task.state)) return undefined
  switch (event.t) {
    case 'proceed':
      return placed(task, event.to, now)
    case 'drop':
      return close(task, 'cancelled', now, { error: event.reason, code: event.code })
    case 'expire': {
      const error = `nobody began it within ${inWords(task.queueTtlMs ?? 0)}`
      return close(task, 'timed_out', now, { error, code: 'queue-timeout' })
    }
    case 'ask':
      return { ...task, state: 'awaiting_approval', approvalId: event.approvalId, reason: event.reason }
    case 'approve':
    case 'resume':
      return placed(task, { state: 'queued' }, now)
    case 'wake':
      return placed(without(task, 'runAt'), event.to, now)
    case 'park': {
      const { to, runAt, result = {} } = event
      return { ...placed(settled(task, 'parked', now, result), to, now), ...(runAt === undefined ? {} : { runAt }) }
    }
    case 'reject':
      return close(task, 'cancelled', now, { error: event.reason, code: 'not-approved' })
    case 'refuse':
      return close(task, 'failed', now, event.result)
    case 'pass':
      return passed(task, event.by)
    case 'grant': {
      const n = task.attempt + 1
      const attempts = [...task.attempts, { n, daemonId: event.lease.daemonId }].slice(-keptAttempts)
      return { ...without(task, 'reason', 'passedBy'), state: 'leased', attempt: n, lease: event.lease, attempts }
    }
    case 'start': {
      const isNews = task.attempts.at(-1)?.startedAt === undefined
      if (task.state === 'running' && !isNews) return undefined
      return resumed(isNews ? { ...task, ...lastAttempt(task, { startedAt: now }), startedAt: now } : task)
    }
    case 'seen':
      return resumed(task)
    case 'unseen':
      return { ...task, state: 'disconnected', reason: 'the daemon that runs it is out of reach' }
    case 'return': {
      const result = { error: event.reason, code: notBegun }
      if (task.cancel) return close(task, 'cancelled', now, result)
      // At the place it had: its turn is not over.
      return placed(settled(task, 'lost', now, result), { state: 'queued' }, task.queuedAt ?? now)
    }
    case 'lose': {
      const result = { error: event.reason, code: 'lost' }
      if (task.cancel) return close(task, 'cancelled', now, result)
      const { onLost, retries = 0 } = task
      if (onLost === 'requeue' && retries < maxRequeues) {
        return { ...placed(settled(task, 'lost', now, result), { state: 'queued' }, now), retries: retries + 1 }
      }
      return againAfter(task, 'lost', now, result, chance) ?? close(task, 'lost', now, result)
    }
    case 'end': {
      const result = event.result ?? {}
      return againAfter(task, event.state, now, result, chance) ?? close(task, event.state, now, result)
    }
    case 'output':
      return withOutput(task, event)
    case 'cancel': {
      const cancelled = { ...task, cancel: { by: event.by, at: now, force: event.force } }
      const result = event.reason === undefined ? {} : { error: event.reason }
      // What nobody holds ends here; a forced cancel gives the attempt up, and its process is killed at the next hello.
      if (!isHeld(task.state) || event.force) return close(cancelled, 'cancelled', now, result)
      if (task.state === 'disconnected') return { ...cancelled, reason: 'cancels once the daemon is back' }
      return { ...cancelled, state: 'cancelling', ...(event.reason === undefined ? {} : { reason: event.reason }) }
    }
    case 'retry':
      return placed(without(task, 'result', 'startedAt', 'completedAt', 'cancel', 'runAt', 'retries'), event.to, now)
    default:
      return event satisfies never
  }
}

/** Under way again: where its end was asked for meanwhile, towards that. */
const resumed = (task: Task): Task => ({ ...without(task, 'reason'), state: task.cancel ? 'cancelling' : 'running' })

/** The last word of each daemon counts; the same once more is no news. */
function passed(task: Task, by: Pass): Task | undefined {
  const { passedBy = [] } = task
  const isKnown = passedBy.some((known) => JSON.stringify(known) === JSON.stringify(by))
  const others = passedBy.filter(({ daemonId }) => daemonId !== by.daemonId)
  return isKnown ? undefined : { ...task, passedBy: [...others, by].slice(-mostPasses) }
}

const placed = (task: Task, to: Place, now: number): Task => ({
  ...without(task, 'reason', 'lease', 'passedBy'),
  ...to,
  ...(to.state === 'queued' ? { queuedAt: now } : {}),
})
