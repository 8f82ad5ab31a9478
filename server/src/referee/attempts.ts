import {
  inWords,
  isHeld,
  isTerminal,
  type AttemptOutcome,
  type Task,
  type TaskOutput,
  type TaskResult,
  type TaskState,
} from '@tandem/shared'

/** A rest before the next try is never longer, ms. */
const longestRestMs = 3_600_000

/** The task as it ended. */
export function close(task: Task, state: TaskState, now: number, result: TaskResult): Task {
  const done = settled(task, state, now, result)
  return { ...done, state, completedAt: now, result, ...(result.error === undefined ? {} : { reason: result.error }) }
}

/**
 * The task as it rests before it is run once more by itself; undefined where it has no further try, or where it ended so
 * that none was asked for. What is lost may still be heard of, but not of an attempt after which another was set.
 */
export function againAfter(
  task: Task,
  outcome: TaskState,
  now: number,
  result: TaskResult,
  chance: number,
): Task | undefined {
  const { retry, retries = 0 } = task
  if (!retry || task.cancel || !isHeld(task.state)) return undefined
  if (retries >= retry.max || !retry.on.some((each) => each === outcome)) return undefined
  const fullMs = Math.min(longestRestMs, retry.backoffMs * retry.factor ** retries)
  const restMs = Math.round(fullMs * (1 - retry.jitter * chance))
  return {
    ...settled(task, outcome, now, result),
    state: 'scheduled',
    runAt: now + restMs,
    retries: retries + 1,
    reason: `runs again in ${inWords(restMs)} (${retries + 1} of ${retry.max}): ${whatHappened(outcome, result)}`,
  }
}

/** The attempt is over: its lease is gone, its outcome written down. */
export function settled(task: Task, outcome: AttemptOutcome, now: number, result: TaskResult): Task {
  const free = without(task, 'lease', 'reason', 'passedBy')
  const hadOne = isHeld(task.state) || (task.state === 'lost' && outcome !== 'parked' && isTerminal(outcome))
  if (!hadOne) return free
  const { exitCode, error, output } = result
  return {
    ...free,
    ...lastAttempt(task, {
      endedAt: now,
      outcome,
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(error === undefined ? {} : { error: error.slice(0, 400) }),
      ...(output ? { output: withoutTail(output) } : {}),
    }),
  }
}

/** The first that says where the output of an attempt lies counts, and only once that is over. */
export function withOutput(task: Task, { attempt, output }: { attempt: number; output: TaskOutput }): Task | undefined {
  const its = task.attempts.find(({ n }) => n === attempt)
  if (!its?.outcome || its.output?.segments) return undefined
  const attempts = task.attempts.map((each) => (each === its ? { ...each, output: withoutTail(output) } : each))
  const isLast = attempt === task.attempt && task.result
  return { ...task, attempts, ...(isLast ? { result: { ...task.result, output } } : {}) }
}

export const lastAttempt = (task: Task, facts: Partial<Task['attempts'][number]>): Pick<Task, 'attempts'> => ({
  attempts: task.attempts.map((a) => (a.n === task.attempt ? { ...a, ...facts } : a)),
})

export function without<K extends keyof Task>(task: Task, ...keys: K[]): Omit<Task, K> & Task {
  const copy = { ...task }
  for (const key of keys) delete copy[key]
  return copy
}

const withoutTail = ({ bytes, truncated, segments }: TaskOutput) => ({
  bytes,
  truncated,
  ...(segments ? { segments } : {}),
})

function whatHappened(outcome: TaskState, { error, exitCode }: TaskResult): string {
  if (error !== undefined) return error.slice(0, 200)
  if (typeof exitCode === 'number') return `it ended with the exit code ${exitCode}`
  return outcome === 'timed_out' ? 'it took too long' : `it ${outcome}`
}
