import {
  isTandemError,
  messageOf,
  plainText,
  type Artifact,
  type Clock,
  type Id,
  type Log,
  type SetAside,
  type Task,
} from '@tandem/shared'
import type { TaskLog, TaskTerminal } from '@tandem/shared/docs'
import type { TerminalControl } from '../sandbox/terminal.ts'
import { defaultTimeoutMs, type Execute, type Job, type Outcome, type Parking, type StopReason } from './execute.ts'
import { createAttemptOutput } from './attempt-output.ts'
import { keepExecution } from './keep-execution.ts'
import type { AttemptSpool } from './spools.ts'
import { unless } from './unless.ts'

/** The log document of one attempt, ours to write while we hold the lease. */
export type AttemptLog = {
  log: TaskLog
  /** All of it, on our disk. */
  spool: AttemptSpool
  /** Resolves once the server has on disk what was appended; rejects when the signal aborts. */
  durable(signal: AbortSignal): Promise<void>
  close(): void
}

export type AttemptPorts = {
  execute: Execute
  openLog(taskId: Id, attempt: number): Promise<AttemptLog>
  /**
   * Before: what others edited is on disk. After: what the command changed is on the server. Both answer what was left out.
   * What does not use the folder waits for neither.
   */
  barriers: { flush(task: Task): Promise<readonly string[]>; settle(task: Task): Promise<readonly string[]> }
  /** Its process starts now: what changes on disk may be its doing, until the call that is returned. */
  begin(task: Task): () => void
  /** Keeps the files it asked for, when its process has ended; what could not be kept, and why, is said in words. */
  artifacts?(task: Task): Promise<{ kept: Artifact[]; left: readonly string[] }>
  /** Keeps what is in no file of the folder as one of the task's. */
  keep?(path: string, bytes: Uint8Array): Promise<Artifact>
  clock: Clock
  log: Log
}

type AttemptOptions = Pick<Job, 'killSignal' | 'onProcess'> & {
  /** It is at a terminal; who drives it is told there. */
  onTerminal: (control: TerminalControl, told: TaskTerminal) => void
  stop: AbortSignal
  giveUp: AbortSignal
  onStart: () => void
}

/**
 * One attempt, from its grant to what is to be reported of it. Never rejects. `stop` ends it from outside, its reason
 * being a StopReason; `giveUp` also ends the waiting for what the link can no longer bring.
 */
export async function runAttempt(
  task: Task,
  ports: AttemptPorts,
  { stop, giveUp, onStart, onTerminal, ...job }: AttemptOptions,
): Promise<Outcome | Parking> {
  const { execute, barriers } = ports
  const log = ports.log.with({ task: task.id, attempt: task.attempt })
  const startedAt = Date.now()
  const over = AbortSignal.any([stop, giveUp])
  /** What the process did is done: nothing that fails afterwards may change what is told of it. */
  const afterwards = async <T>(what: string, work: Promise<T>): Promise<T | undefined> => {
    try {
      return await unless(giveUp, work)
    } catch (error) {
      log.warn(what, { error })
      return undefined
    }
  }
  try {
    // At once: neither needs the other.
    const opening = ports.openLog(task.id, task.attempt)
    const [unwritten, document] = await unless(over, Promise.all([barriers.flush(task), opening])).catch(
      (error: unknown) => {
        // Over before it was open: whatever still opens is closed again.
        void opening.then((late) => late.close()).catch(() => {})
        throw error
      },
    )
    const ended = ports.begin(task)
    try {
      const { spool, log: live } = document
      const output = createAttemptOutput({ live, spool, clock: ports.clock, log, isTerminal: isAtTerminal(task) })
      const tell = (what: string, paths: readonly string[]) => {
        if (paths.length === 0) return
        log.warn(what, { paths: paths.slice(0, namedPaths) })
        output.note(plainText(`… ${what}: ${listed(paths)} …`))
      }
      tell('not as others have it', unwritten)
      if (!stop.aborted) onStart()
      log.info('task started')
      const io = {
        timeoutMs: task.timeoutMs ?? defaultTimeoutMs,
        onOutput: output.write,
        onTerminal: (control: TerminalControl) => onTerminal(control, live.terminal),
        signal: stop,
        ...job,
      }
      const outcome = told(await execute(task, io), stop)
      tellSetAside(outcome.result.setAside, tell)
      const files = task.artifacts && (await afterwards('artifacts may be missing', keepFiles(ports, task)))
      tell('not kept', files?.left ?? [])
      output.end()
      const [, unshared] = await Promise.all([
        afterwards('task output may be incomplete on the server', document.durable(giveUp)),
        afterwards('what a task changed may not be shared yet', barriers.settle(task)),
      ])
      tell('not shared yet', unshared ?? [])
      if (unshared && unshared.length > 0)
        await afterwards('task output may be incomplete on the server', document.durable(giveUp))
      log.info('task ended', { state: outcome.state, ms: Date.now() - startedAt })
      ended()
      const { execution } = outcome.result
      const keep = (path: string, bytes: Uint8Array) =>
        afterwards('the whole of an execution is missing', keepBytes(ports, path, bytes))
      const ran = execution && (await keepExecution(execution, keep))
      const kept = [...(ran?.file ? [ran.file] : []), ...(files?.kept ?? [])].slice(0, maxArtifacts)
      const artifacts = files || kept.length > 0 ? { artifacts: kept } : {}
      return {
        ...outcome,
        result: { ...outcome.result, ...ran?.record, output: await output.sealed(giveUp), ...artifacts },
      }
    } finally {
      ended()
      document.close()
    }
  } catch (e) {
    if (over.aborted) return told({ state: 'failed', result: {} }, stop)
    log.error('task could not be run', { error: e })
    return {
      state: 'failed',
      result: { code: isTandemError(e) ? e.code : 'internal', error: messageOf(e).slice(0, 4000) },
    }
  }
}

/** What a result names at most. */
const maxArtifacts = 100
const isAtTerminal = ({ payload }: Task) => payload.kind === 'command' && payload.terminal !== undefined

const keepFiles = async ({ artifacts }: AttemptPorts, task: Task) => artifacts?.(task)
const keepBytes = async ({ keep }: AttemptPorts, path: string, bytes: Uint8Array) => keep?.(path, bytes)

type Tell = (what: string, paths: readonly string[]) => void
function tellSetAside(setAside: SetAside | undefined, tell: Tell): void {
  if (!setAside) return
  const { folder, paths, left } = setAside
  tell(
    `set aside in ${folder}, for programs outside the sandbox would run or obey it; move back what you want to keep`,
    paths,
  )
  tell('could not be set aside, and programs outside the sandbox may run or obey it: have a look', left)
}

const namedPaths = 5
const listed = (paths: readonly string[]) =>
  paths.slice(0, namedPaths).join(', ') + (paths.length > namedPaths ? ` and ${paths.length - namedPaths} more` : '')

/** Ended from outside: only one of the reasons is what people call cancelled. */
function told(outcome: Outcome | Parking, stop: AbortSignal): Outcome | Parking {
  if (!stop.aborted || outcome.state === 'completed') return outcome
  const reason = stop.reason as StopReason
  if (reason === 'cancelled') return { state: 'cancelled', result: outcome.result }
  if (outcome.state === 'parked') return outcome
  const error =
    reason === 'stopped' ? 'the daemon was stopped while it ran' : 'the link to the server was gone for too long'
  return { state: 'failed', result: { ...outcome.result, code: reason, error } }
}
