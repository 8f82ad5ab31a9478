import { isTandemError, messageOf, type Parked, type Task, type TaskPayload, type TaskResult } from '@tandem/shared'
import type { TerminalControl } from '../sandbox/terminal.ts'

export type Outcome = { state: 'completed' | 'failed' | 'timed_out' | 'cancelled'; result: TaskResult }

/** The attempt ends and the task does not: another goes on, once people have answered or its time has come. */
export type Parking = { state: 'parked'; reason: string; waits: Parked; result: TaskResult }

/** How long a task may take that does not say. */
export const defaultTimeoutMs = 30_000

/** Why an attempt is ended from outside: the reason of its abort signal. */
export type StopReason =
  | 'cancelled'
  /** The referee says it is not ours (any more), or a newer attempt is: nobody wants to hear of it. */
  | 'fenced'
  /** The daemon ends. */
  | 'stopped'
  /** Unheard for so long that the task may be given to another. */
  | 'lease-lost'

export type Job<P = TaskPayload> = {
  readonly task: Pick<Task, 'id' | 'attempt'>
  readonly payload: P
  readonly timeoutMs: number
  /** While the returned promise is pending that stream is not read. */
  readonly onOutput: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void | Promise<void>
  /** Ends it: TERM to all of it, and KILL to what is left after a while. */
  readonly signal: AbortSignal
  /** Ends it by KILL, at once. */
  readonly killSignal: AbortSignal
  /** A process began whose group ends all of the task when it is killed; what it returns is called once that has ended. */
  readonly onProcess: (pid: number) => () => void
  /** It is at a terminal, which can be driven from now on until it has ended. */
  readonly onTerminal: (control: TerminalControl) => void
}

type Kind = TaskPayload['kind']
/** Runs one kind of task to its end; settles when nothing of it is left. */
export type Executor<K extends Kind = Kind> = (
  job: Job<Extract<TaskPayload, { kind: K }>>,
) => Promise<Outcome | Parking>
export type Execute = (task: Task, job: Omit<Job, 'payload' | 'task'>) => Promise<Outcome | Parking>

/**
 * The one gate to running anything: there is no other call that starts a process for a task. Never rejects: what goes
 * wrong is the outcome.
 */
export function createExecute(executors: { readonly [K in Kind]?: Executor<K> }): Execute {
  return async ({ id, attempt, payload }, io) => {
    // The table's type says that executor and payload are of one kind; the compiler cannot follow it through the look-up.
    const executor = executors[payload.kind] as Executor | undefined
    if (!executor) return failed('not-supported', `tasks of kind '${payload.kind}' come with a later version`)
    if (io.signal.aborted || io.killSignal.aborted) return { state: 'cancelled', result: {} }
    try {
      return await executor({ ...io, task: { id, attempt }, payload })
    } catch (e) {
      return failed(isTandemError(e) ? e.code : 'internal', messageOf(e))
    }
  }
}

const failed = (code: string, error: string): Outcome => ({
  state: 'failed',
  result: { code, error: error.slice(0, 4000) },
})
