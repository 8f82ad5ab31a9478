import { isHeld, isTerminal, statesThat, type Id, type Task, type TaskResult, type TaskState } from '@tandem/shared'

/** Everything that can happen to a task. */
export type TaskEvent =
  /** The daemon's policy wants a person to decide. */
  | { t: 'ask'; approvalId: Id; reason: string }
  | { t: 'approve' }
  | { t: 'reject'; reason: string }
  /** The daemon will never run it. */
  | { t: 'refuse'; result: TaskResult }
  | { t: 'grant'; lease: NonNullable<Task['lease']> }
  | { t: 'start' }
  /** The lease ran out: nobody knows how the process fares. */
  | { t: 'unseen' }
  /** The daemon is back and still runs it. */
  | { t: 'seen' }
  /** Proven dead, or waited for long enough. */
  | { t: 'lose'; reason: string }
  | { t: 'end'; state: 'completed' | 'failed' | 'timed_out' | 'cancelled'; result: TaskResult | undefined }
  | { t: 'cancel'; by: Id; force: boolean }
  | { t: 'retry' }

const { wait: waiting, areHeld: held, haveEnded: ended } = statesThat

/** The whole state machine: where each event may happen. `lost` hears a late result until someone retries. */
const lawful: Readonly<Record<TaskEvent['t'], readonly TaskState[]>> = {
  ask: ['queued'],
  approve: ['awaiting_approval'],
  reject: ['awaiting_approval'],
  refuse: ['queued'],
  grant: ['queued'],
  // A cancel may be decided between the start and the news of it.
  start: ['leased', 'disconnected', 'cancelling'],
  unseen: ['leased', 'running', 'cancelling'],
  seen: ['leased', 'disconnected'],
  lose: held,
  end: [...held, 'lost'],
  cancel: [...waiting, ...held],
  retry: ended,
}

const maxAttempts = 5
const keptAttempts = 10

/** The task after the event, at the server's time `now`; undefined where the event is not lawful in this state. */
export function next(task: Task, event: TaskEvent, now: number): Task | undefined {
  if (!lawful[event.t].includes(task.state)) return undefined
  switch (event.t) {
    case 'ask':
      return { ...task, state: 'awaiting_approval', approvalId: event.approvalId, reason: event.reason }
    case 'approve':
      return queued(task, now)
    case 'reject':
      return close(task, 'cancelled', now, { error: event.reason, code: 'not-approved' })
    case 'refuse':
      return close(task, 'failed', now, event.result)
    case 'grant': {
      const n = task.attempt + 1
      const attempts = [...task.attempts, { n, daemonId: event.lease.daemonId }].slice(-keptAttempts)
      return { ...without(task, 'reason'), state: 'leased', attempt: n, lease: event.lease, attempts }
    }
    case 'start':
    case 'seen':
      return resumed(event.t === 'start' ? { ...task, ...lastAttempt(task, { startedAt: now }), startedAt: now } : task)
    case 'unseen':
      return { ...task, state: 'disconnected', reason: 'the daemon that runs it is out of reach' }
    case 'lose':
      if (task.cancel) return close(task, 'cancelled', now, { error: event.reason, code: 'lost' })
      if (task.onLost === 'requeue' && task.attempt < maxAttempts) return queued(settled(task, 'lost', now), now)
      return close(task, 'lost', now, { error: event.reason, code: 'lost' })
    case 'end':
      return close(task, event.state, now, event.result ?? {})
    case 'cancel': {
      const cancelled = { ...task, cancel: { by: event.by, at: now, force: event.force } }
      // What nobody holds ends here; a forced cancel gives the attempt up, and its process is killed at the next hello.
      if (!isHeld(task.state) || event.force) return close(cancelled, 'cancelled', now, {})
      if (task.state === 'disconnected') return { ...cancelled, reason: 'cancels once the daemon is back' }
      return { ...cancelled, state: 'cancelling' }
    }
    case 'retry':
      return queued(without(task, 'result', 'startedAt', 'completedAt', 'cancel'), now)
    default:
      return event satisfies never
  }
}

/** Under way again: where its end was asked for meanwhile, towards that. */
const resumed = (task: Task): Task => ({ ...without(task, 'reason'), state: task.cancel ? 'cancelling' : 'running' })

const queued = (task: Task, now: number): Task => ({
  ...without(task, 'reason', 'lease'),
  state: 'queued',
  queuedAt: now,
})

function close(task: Task, state: TaskState, now: number, result: TaskResult): Task {
  const done = settled(task, state, now, result)
  return { ...done, state, completedAt: now, result, ...(result.error === undefined ? {} : { reason: result.error }) }
}

/** The attempt is over: its lease is gone, its outcome written down. */
function settled(task: Task, outcome: TaskState, now: number, { exitCode }: TaskResult = {}): Task {
  const free = without(task, 'lease', 'reason')
  const hadOne = isHeld(task.state) || (task.state === 'lost' && isTerminal(outcome))
  if (!hadOne) return free
  return { ...free, ...lastAttempt(task, { endedAt: now, outcome, ...(exitCode === undefined ? {} : { exitCode }) }) }
}

const lastAttempt = (task: Task, facts: Partial<Task['attempts'][number]>): Pick<Task, 'attempts'> => ({
  attempts: task.attempts.map((a) => (a.n === task.attempt ? { ...a, ...facts } : a)),
})

function without<K extends keyof Task>(task: Task, ...keys: K[]): Omit<Task, K> & Task {
  const copy = { ...task }
  for (const key of keys) delete copy[key]
  return copy
}
