import { commandLine, isTerminal, visibleText, type Task, type TaskPayload, type TaskState } from '@tandem/shared'
import type { Request } from '@tandem/shared/docs'
import { duration } from '../ui/relative-time.ts'

/** What a state looks like: a tone for the glyph, and always a word with it. */
export type Tone = 'waiting' | 'running' | 'ok' | 'bad' | 'stopped' | 'ask'

const look: Record<TaskState, { tone: Tone; word: string }> = {
  scheduled: { tone: 'waiting', word: 'scheduled' },
  blocked: { tone: 'waiting', word: 'blocked' },
  awaiting_approval: { tone: 'ask', word: 'needs approval' },
  queued: { tone: 'waiting', word: 'queued' },
  leased: { tone: 'running', word: 'starting' },
  running: { tone: 'running', word: 'running' },
  cancelling: { tone: 'running', word: 'stopping' },
  disconnected: { tone: 'waiting', word: 'daemon away' },
  completed: { tone: 'ok', word: 'passed' },
  failed: { tone: 'bad', word: 'failed' },
  timed_out: { tone: 'bad', word: 'timed out' },
  cancelled: { tone: 'stopped', word: 'cancelled' },
  lost: { tone: 'bad', word: 'lost' },
}

export const lookOf = (state: TaskState) => look[state]

/** A task as the server has it, or one asked for here that the server has not seen yet. */
export type TaskItem = { id: string; at: number } & (
  | { task: Task; asked?: undefined }
  | { task?: undefined; asked: Request }
)

/** Everything to show, the newest first; what still runs, waits for a person or for the connection stands above the rest. */
export function taskItems(
  tasks: ReadonlyMap<string, Task>,
  requests: ReadonlyMap<string, Request>,
): readonly TaskItem[] {
  const asked = [...requests].flatMap(([id, request]): TaskItem[] =>
    request.body.kind === 'create' && !tasks.has(id) ? [{ id, at: request.clientAt, asked: request }] : [],
  )
  const known = [...tasks.values()].map((task): TaskItem => ({ id: task.id, at: task.createdAt, task }))
  return [...asked, ...known].toSorted((a, b) => Number(isOver(a)) - Number(isOver(b)) || b.at - a.at)
}

const isOver = (item: TaskItem) => item.task !== undefined && isTerminal(item.task.state)

/** The command as a person would type it, with nothing unseen in it. */
export const titleOf = ({ task, asked }: TaskItem): string => {
  const payload: TaskPayload | undefined =
    task?.payload ?? (asked?.body.kind === 'create' ? asked.body.task.payload : undefined)
  return payload ? visibleText(commandLine(payload)) : ''
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
