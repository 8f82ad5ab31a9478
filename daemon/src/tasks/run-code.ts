import { randomUUID } from 'node:crypto'
import {
  categoryOf,
  formatError,
  type ExecutionError,
  type ExecutionResult,
  type Task,
  type TaskResult,
} from '@tandem/shared'
import type { Fetcher } from '../egress/fetch.ts'
import { bridge } from '../isolate/bridge.ts'
import { buildEnv, type Granted } from '../isolate/env.ts'
import type { Isolate } from '../isolate/isolate.ts'
import { plan } from '../isolate/plan.ts'
import type { FileTree } from '../isolate/ports.ts'
import type { NodeGuests } from '../isolate/run-node.ts'
import type { Ran } from '../isolate/talk.ts'
import type { Tier } from '../sandbox/command.ts'
import { decide } from '../sandbox/decide.ts'
import { isolateLimitsOf } from '../sandbox/isolate-limits.ts'
import type { Policy } from '../sandbox/policy.ts'
import type { Executor, Outcome } from './execute.ts'
import { createConsole } from './console.ts'
import { runsCode } from './judge.ts'
import { outcomeOf } from './run-command.ts'

export type CodePorts = Pick<Granted, 'shell'> & {
  /** What one execution may fetch; it is closed when that has ended. */
  fetchFor(task: Pick<Task, 'id' | 'attempt'>): Promise<Fetcher>
  isolate: Isolate
  node: NodeGuests
  /** What holds now; throws where that cannot be known. */
  policyNow(): Policy
  /** How much the walls hold. */
  tier: Tier
  scratchOf(session: string | undefined): FileTree
  /** The files of the project. */
  project?: FileTree | undefined
}

type About = Pick<ExecutionResult, 'id' | 'ranIn' | 'output' | 'logs' | 'truncated'>

/** Runs a `code` task: in the isolate, or, where that cannot do it, as Node behind the walls of commands. */
export const codeExecutor =
  ({ isolate, node, policyNow, tier, scratchOf, project, shell, fetchFor }: CodePorts): Executor<'code'> =>
  async ({ task, payload, timeoutMs, onOutput, onProcess, signal, killSignal }) => {
    const id = randomUUID()
    const policy = policyNow()
    const limits = isolateLimitsOf(policy)
    const wallMs = Math.min(timeoutMs, policy.limits.maxWallMs)
    const chosen = plan(payload, wallMs, limits)
    // [S171] Said, never pretended.
    if (chosen === 'container')
      return {
        state: 'failed',
        result: { code: 'not-supported', error: 'containers come with a later version: leave out `runner`' },
      }
    const fetch = await fetchFor(task)
    try {
      const env = buildEnv({
        files: bridge(scratchOf(payload.session), project),
        shell,
        fetch,
        asked: payload.bindings,
        props: { execution: id, session: payload.session },
        maxCalls: limits.calls,
      })
      const wrote = createConsole(onOutput)
      const run = {
        snippet: payload,
        env,
        wallMs,
        onLog: wrote.log,
        onStarted: onProcess,
      }
      if (chosen === 'isolate') {
        const ran = await isolate.run({ ...run, limits, signal: AbortSignal.any([signal, killSignal]) })
        return endOf(ran, tier, { id, ranIn: 'isolate', ...wrote.all() })
      }
      const { ran, ended } = await node.run({
        ...run,
        id: `${task.id}.${task.attempt}`,
        env: { TANDEM_TASK_ID: task.id, TANDEM_TASK_ATTEMPT: String(task.attempt) },
        bindings: env,
        limits: { ...policy.limits, memMb: Math.min(payload.memMb ?? Infinity, policy.limits.memMb) },
        writable: decide(policy, runsCode).writable,
        signal,
        killSignal,
        onOutput: wrote.raw,
      })
      return together(ran, outcomeOf(ended, tier, timeoutMs), { id, ranIn: 'node', ...wrote.all() })
    } finally {
      await fetch.close()
    }
  }

function endOf(ran: Ran, sandbox: Tier, about: About): Outcome {
  if ('value' in ran)
    return { state: 'completed', result: { exitCode: 0, sandbox, execution: succeeded(ran.value, about) } }
  const { error } = ran
  const result: TaskResult = {
    exitCode: error.category === 'timeout' || error.category === 'cancelled' ? null : 1,
    sandbox,
    error: formatError(error).slice(0, 4_000),
    ...(codes[error.category] !== undefined && { code: codes[error.category] }),
    execution: failed(error, about),
  }
  if (error.category === 'cancelled') return { state: 'cancelled', result }
  return { state: error.category === 'timeout' ? 'timed_out' : 'failed', result }
}

const codes: { [C in ExecutionError['category']]?: string } = { timeout: 'timeout', memory: 'memory-limit' }

/** Of a command that ran code, its own end counts first: how it was ended, then what the code gave, then its exit code. */
function together(ran: Ran | undefined, command: Outcome, about: About): Outcome {
  const { state, result } = command
  const isEnded = result.code !== undefined || state === 'cancelled'
  if (!isEnded && ran && 'value' in ran)
    return { state: 'completed', result: { ...result, execution: succeeded(ran.value, about) } }
  if (!isEnded && ran && 'error' in ran) {
    const error = formatError(ran.error).slice(0, 4_000)
    return { state: 'failed', result: { ...result, error, execution: failed(ran.error, about) } }
  }
  // It ended itself, without a result.
  if (state === 'completed') return { state, result: { ...result, execution: succeeded('null', about) } }
  const category = state === 'cancelled' ? 'cancelled' : categoryOf(result.code)
  const message = (result.error ?? 'it was cancelled').slice(0, 2_000)
  return { state, result: { ...result, execution: failed({ category, message }, about) } }
}

const succeeded = (result: string, about: About): ExecutionResult => ({ ...about, success: true, errors: [], result })
const failed = (error: ExecutionError, about: About): ExecutionResult => ({ ...about, success: false, errors: [error] })
