import { TandemError, isTandemError, messageOf, type TaskPayload, type TaskResult } from '@tandem/shared'
import type { RunTask } from '../bash/ports.ts'
import { decide } from '../sandbox/decide.ts'
import type { Policy } from '../sandbox/policy.ts'
import type { Executor, Job, Outcome, Parking } from './execute.ts'
import { unless } from './unless.ts'
import type { ProjectPorts } from './virtual.ts'

/** What is kept of a program's output, both streams together, bytes. */
const maxOutput = 2 ** 19

type ProgramsOptions = {
  command: Executor<'command'>
  project: Pick<ProjectPorts, 'barriers' | 'begin'>
  policyNow: () => Policy
  job: Pick<Job, 'task' | 'timeoutMs' | 'killSignal' | 'onProcess'>
  /** A person has allowed the task for which it is run: what would be asked about is allowed with it. */
  isApproved: boolean
}

/**
 * Runs the programs of a virtual shell: judged, and run, as commands in the folder, with what was written until then on
 * the disk before, and in the documents after. `told` is what a record is to say of them.
 */
export function createPrograms({ command, project, policyNow, job, isApproved }: ProgramsOptions): {
  run: RunTask
  told(): Pick<TaskResult, 'sandbox' | 'setAside'>
} {
  const { task, timeoutMs, killSignal, onProcess } = job
  const { barriers, begin } = project
  const ends: TaskResult[] = []

  const run = async (payload: Command, signal: AbortSignal) => {
    const kept = createKeep()
    const { decision, reason } = decide(policyNow(), [payload.command, ...payload.args], { env: payload.env })
    if (decision === 'deny') throw refusal(reason)
    if (decision === 'ask' && !isApproved)
      throw refusal(`${reason}; ask for it as a task of its own, which a person can allow`)
    const unwritten = await unless(signal, barriers.flush())
    const ended = begin(task.id)
    let outcome: Outcome | Parking
    let unshared: readonly string[]
    try {
      outcome = await command({
        ...{ task, payload, timeoutMs, signal, killSignal, onProcess },
        onOutput: kept.take,
        onTerminal: () => {},
      })
      // What it did is done: nothing that fails afterwards changes what is told of it.
      unshared = await unless(killSignal, barriers.settle()).catch((e: unknown) => [messageOf(e)])
    } finally {
      ended()
    }
    ends.push(outcome.result)
    const notes = [
      ...kept.cut(),
      ...(outcome.result.code === undefined && outcome.result.signal === undefined ? [] : [outcome.result.error ?? '']),
      ...pathWords('not as others have it', unwritten),
      ...pathWords('not shared yet', unshared),
    ]
    const stderr = kept.text('stderr') + notes.map((note) => `${payload.command}: ${note}\n`).join('')
    return { stdout: kept.text('stdout'), stderr, exitCode: codeOf(outcome) }
  }
  return {
    run: async ([program, ...args], cwd, { env, signal }) => {
      const payload: Command = {
        kind: 'command',
        command: program,
        args: [...args],
        cwd,
        shell: false,
        env: { ...env },
      }
      try {
        return await run(payload, signal)
      } catch (e) {
        const words = isTandemError(e) ? messageOf(e) : 'it could not be run'
        return { stdout: '', stderr: `${program}: ${words}\n`, exitCode: 126 }
      }
    },
    told: () => {
      const sandbox = ends.at(-1)?.sandbox
      const aside = ends.flatMap(({ setAside }) => setAside ?? [])
      const all = (of: 'paths' | 'left') => [...new Set(aside.flatMap((each) => each[of]))].slice(0, 20)
      const [first] = aside
      const setAside = first && { folder: first.folder, paths: all('paths'), left: all('left') }
      return { ...(sandbox && { sandbox }), ...(setAside && { setAside }) }
    },
  }
}

type Command = Extract<TaskPayload, { kind: 'command' }>

const refusal = (reason: string) => new TandemError('command-denied', { reason })

/** As a shell says it. */
function codeOf({ state, result: { exitCode } }: Outcome | Parking): number {
  if (typeof exitCode === 'number') return exitCode
  return state === 'timed_out' ? 124 : state === 'cancelled' ? 130 : 1
}

const pathWords = (what: string, paths: readonly string[]): string[] =>
  paths.length === 0 ? [] : [`${what}: ${paths.slice(0, 5).join(', ')}${paths.length > 5 ? ', …' : ''}`]

/** Both streams, up to their bound. */
function createKeep() {
  const pieces = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] }
  let [room, isCut] = [maxOutput, false]
  return {
    take: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => {
      isCut ||= bytes.length > room
      if (room > 0) pieces[stream].push(bytes.slice(0, room))
      room -= Math.min(room, bytes.length)
    },
    text: (stream: 'stdout' | 'stderr') => Buffer.concat(pieces[stream]).toString('utf8'),
    cut: () => (isCut ? ['the rest of its output is left out'] : []),
  }
}
