import { randomUUID } from 'node:crypto'
import {
  TandemError,
  categoryOf,
  formatError,
  type ExecutionError,
  type ExecutionResult,
  type Snippet,
  type Task,
  type TaskResult,
} from '@tandem/shared'
import { isProgram } from '../bash/programs.ts'
import type { Fetcher } from '../egress/fetch.ts'
import { buildEnv } from '../isolate/env.ts'
import type { Isolate } from '../isolate/isolate.ts'
import { plan } from '../isolate/plan.ts'
import type { Shell } from '../isolate/ports.ts'
import type { NodeGuests } from '../isolate/run-node.ts'
import type { Ran } from '../isolate/talk.ts'
import type { Tier } from '../sandbox/command.ts'
import { decideLine } from '../sandbox/decide-line.ts'
import { decide } from '../sandbox/decide.ts'
import { isolateLimitsOf } from '../sandbox/isolate-limits.ts'
import type { Policy } from '../sandbox/policy.ts'
import type { Executor, Outcome } from './execute.ts'
import { createConsole } from './console.ts'
import { runsCode } from './judge.ts'
import { outcomeOf } from './run-command.ts'
import type { Virtual, createVirtual } from './virtual.ts'

type CodePorts = {
  /** What one execution may fetch; it is closed when that has ended. */
  fetchFor(task: Pick<Task, 'id' | 'attempt'>): Promise<Fetcher>
  /** Undefined where the walls are such that nothing of ours can be put behind them but commands. */
  isolate: Isolate | undefined
  node: NodeGuests
  /** Node in a container, of this session or for this once; or why there is none. */
  containerFor?(session: string | undefined): { guests: NodeGuests; tier: Tier } | { reason: string }
  /** What holds now; throws where that cannot be known. */
  policyNow(): Policy
  /** How much the walls hold. */
  tier: Tier
  virtual: Pick<ReturnType<typeof createVirtual>, 'use'>
}

type About = Pick<ExecutionResult, 'id' | 'ranIn' | 'output' | 'logs' | 'truncated'>

/** Runs a `code` task: in the isolate, or, where that cannot do it, as Node behind the walls of commands or of a container. */
export const codeExecutor =
  ({ isolate, node, containerFor, policyNow, tier, virtual, fetchFor }: CodePorts): Executor<'code'> =>
  async (job) => {
    const { task, payload, timeoutMs, onOutput, onProcess, signal, killSignal } = job
    const id = randomUUID()
    const policy = policyNow()
    const limits = isolateLimitsOf(policy)
    const wallMs = Math.min(timeoutMs, policy.limits.maxWallMs)
    const chosen = runnerOf(payload, timeoutMs, policy, isolate !== undefined)
    const asked = chosen === 'container' ? (containerFor?.(payload.session) ?? noContainers) : undefined
    // [S171] Said, never pretended.
    if (chosen === 'isolate' && !isolate)
      return {
        state: 'failed',
        result: { code: 'not-supported', error: 'There is no isolate here: leave out `runner`' },
      }
    if (asked && 'reason' in asked) return { state: 'failed', result: { code: 'not-supported', error: asked.reason } }
    const { decision, writable } = decide(policy, runsCode)
    // What is asked about comes here when a person has allowed it.
    const isApproved = decision === 'ask'
    const execute = async ({ files, shell }: Virtual, fetch: Fetcher): Promise<Outcome> => {
      const env = buildEnv({
        files,
        shell: judged(shell, policyNow, isApproved),
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
      if (chosen === 'isolate' && isolate) {
        const ran = await isolate.run({ ...run, limits, signal: AbortSignal.any([signal, killSignal]) })
        return endOf(ran, tier, { id, ranIn: 'isolate', ...wrote.all() })
      }
      const { ran, ended } = await (asked?.guests ?? node).run({
        ...run,
        id: `${task.id}.${task.attempt}`,
        env: { TANDEM_TASK_ID: task.id, TANDEM_TASK_ATTEMPT: String(task.attempt) },
        bindings: env,
        limits: { ...policy.limits, memMb: Math.min(payload.memMb ?? Infinity, policy.limits.memMb) },
        writable,
        signal,
        killSignal,
        onOutput: wrote.raw,
      })
      const outcome = outcomeOf(ended, asked?.tier ?? tier, wallMs)
      return together(ran, outcome, { id, ranIn: asked ? 'container' : 'node', ...wrote.all() })
    }
    const fetch = await fetchFor(task)
    try {
      return await virtual.use(job, { session: payload.session, writable, isApproved }, async (given) => {
        const { state, result } = await execute(given, fetch)
        return { state, result: { ...given.told(), ...result } }
      })
    } finally {
      await fetch.close()
    }
  }

/** What runs a snippet, by the policy that holds. */
export function runnerOf(
  snippet: Snippet,
  timeoutMs: number,
  policy: Policy,
  hasIsolate = true,
): ReturnType<typeof plan> {
  const chosen = plan(snippet, Math.min(timeoutMs, policy.limits.maxWallMs), isolateLimitsOf(policy))
  // Who asks for it by name is told that there is none.
  return chosen === 'isolate' && !hasIsolate && snippet.runner === undefined ? 'node' : chosen
}

/** Its lines are judged as they come: nobody can be asked then. */
const judged = (shell: Shell, policyNow: () => Policy, isApproved: boolean): Shell => ({
  ...shell,
  exec: async (line) => {
    const { decision, reason } = decideLine(policyNow(), line, isProgram)
    if (decision === 'allow' || (decision === 'ask' && isApproved)) return shell.exec(line)
    const instead = decision === 'ask' ? "; ask for it as a task of kind 'bash', which a person can allow" : ''
    throw new TandemError('command-denied', { reason: `${reason}${instead}` })
  },
})

const noContainers = { reason: 'There are no containers here: leave out `runner`' }

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
