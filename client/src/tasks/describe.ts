import {
  commandLine,
  isTerminal,
  taskStateWords,
  visibleText,
  type Id,
  type Task,
  type TaskPayload,
  type AttemptOutcome,
} from '@tandem/shared'
import { duration, limitWords } from '../ui/relative-time.ts'

/** What a state looks like: a tone for the glyph, and always a word with it. */
export type Tone = 'waiting' | 'running' | 'ok' | 'bad' | 'stopped' | 'ask'

const tones: Readonly<Record<AttemptOutcome, Tone>> = {
  scheduled: 'waiting',
  blocked: 'waiting',
  awaiting_approval: 'ask',
  queued: 'waiting',
  leased: 'running',
  running: 'running',
  cancelling: 'running',
  disconnected: 'waiting',
  completed: 'ok',
  failed: 'bad',
  timed_out: 'bad',
  cancelled: 'stopped',
  lost: 'bad',
  parked: 'stopped',
}

export const lookOf = (state: AttemptOutcome) => ({ tone: tones[state], word: taskStateWords[state] })

/** A task's look: that of its state, but what was not allowed says so, and by whom. */
export function lookOfTask(task: Task): { tone: Tone; word: string } {
  if (isRefusedByPolicy(task)) return { tone: 'bad', word: 'refused' }
  const { state, result } = task
  if (state !== 'cancelled' || result?.code !== 'not-approved') return lookOf(state)
  // As the server says it; else nobody answered.
  const by = /^(.+?) said no(?:: |$)/s.exec(result.error ?? '')?.[1]
  return { tone: 'stopped', word: by === undefined ? 'not approved' : `denied by ${visibleText(by)}` }
}

/** The policy of the machine that was to run it does not allow it: tried again it would be refused again. */
export const isRefusedByPolicy = ({ state, result }: Task): boolean =>
  state === 'failed' && result?.code === 'command-denied'

/** Codes of attempts that were ended at a limit of the machine that ran them, or of their own time. */
const limitCodes: ReadonlySet<string | undefined> = new Set([
  'timeout',
  'memory-limit',
  'process-limit',
  'output-limit',
  'growth-limit',
])
/** Whether it was ended at a limit; its error says at which. */
export const isLimit = ({ state, result }: Task): boolean =>
  (state === 'failed' || state === 'timed_out') && limitCodes.has(result?.code)

/** The command as a person would type it, with nothing unseen in it, in one line. */
export const titleOf = (payload: TaskPayload | undefined): string =>
  payload ? visibleText(commandLine(payload)).trim().replaceAll('\n', ' ⏎ ') : 'a task'

/** What a payload is, in a word, and what it says as it was given. */
export function payloadWords(payload: TaskPayload): { kind: string; text: string } {
  switch (payload.kind) {
    case 'command':
      return payload.terminal
        ? { kind: 'terminal', text: commandLine(payload) }
        : { kind: payload.shell ? 'shell line' : 'command', text: commandLine(payload) }
    case 'code':
      return { kind: payload.language, text: payload.code }
    case 'bash':
      return { kind: 'bash script', text: payload.script }
    case 'agent':
      return { kind: 'agent', text: payload.prompt }
    default:
      return payload satisfies never
  }
}

/** "completed in 3.8 s", "for 12 s" so far; undefined before it has started. */
export function timeLine({ state, startedAt, completedAt }: Task, now: number): string | undefined {
  if (startedAt === undefined) return undefined
  if (completedAt === undefined) return isTerminal(state) ? undefined : `for ${duration(now - startedAt)}`
  const took = duration(completedAt - startedAt)
  return state === 'completed' ? `completed in ${took}` : `ended after ${took}`
}

/** Whether something went wrong: who stops a task, or does not allow it, gets what they wanted. */
export const isFailure = ({ state }: Task): boolean => lookOf(state).tone === 'bad'

/** Why it did not work out, in words; undefined where there is nothing to explain. */
export function whyOf({ result, reason, state }: Task): string | undefined {
  if (result?.error !== undefined)
    return result.code === 'not-approved' ? `Not approved: ${result.error}` : result.error
  if (state === 'failed' && result?.signal !== undefined) return `The command was ended by ${result.signal}.`
  if (state === 'failed' && typeof result?.exitCode === 'number')
    return `The command ended with exit code ${result.exitCode}.`
  return isTerminal(state) && state !== 'completed' ? reason : undefined
}

/** How it ended, in one sentence: "Passed in 3.8 s on laptop." Undefined while it has not. */
export function endWords(
  task: Task,
  nameOfDaemon: (id: Id) => string,
  nameOfPerson: (id: Id) => string,
): string | undefined {
  const { state, startedAt, completedAt, result, cancel, timeoutMs } = task
  if (!isTerminal(state)) return undefined
  const daemon = task.attempts.at(-1)?.daemonId
  const where = daemon === undefined ? '' : ` on ${nameOfDaemon(daemon)}`
  const took = startedAt === undefined || completedAt === undefined ? undefined : duration(completedAt - startedAt)
  const after = took === undefined ? '' : ` after ${took}`
  switch (state) {
    case 'completed':
      return `Passed${took === undefined ? '' : ` in ${took}`}${where}.`
    case 'cancelled':
      if (cancel) return `Stopped by ${nameOfPerson(cancel.by)}${after || ', before it began'}.`
      return took === undefined ? 'Ended before it began.' : `Ended${after}${where}.`
    case 'timed_out':
      if (took === undefined) return 'Nobody began it in time.'
      return `Ended${after}${where}: it may take ${timeoutMs === undefined ? 'no longer' : limitWords(timeoutMs)}.`
    case 'lost':
      return `Lost${after}${where}: how it ended is not known.`
    case 'failed':
      if (isRefusedByPolicy(task))
        return `Refused by the policy of ${where === '' ? 'the machine that was to run it' : where.slice(4)}.`
      if (isLimit(task) && result?.error !== undefined && !result.execution)
        return `Ended at a limit${after}${where}: ${result.error}.`
      if (result?.signal !== undefined) return `Ended by ${result.signal}${after}${where}.`
      // Code has none of its own.
      if (typeof result?.exitCode === 'number' && !result.execution)
        return `Ended with exit code ${result.exitCode}${after}${where}.`
      return took === undefined ? 'It could not begin.' : `Failed${after}${where}.`
    default:
      return undefined
  }
}
