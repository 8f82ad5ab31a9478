import { join } from 'node:path'
import { TandemError, type SetAside } from '@tandem/shared'
import type { CommandResult, EndReason, Runner } from '../sandbox/command.ts'
import { decide } from '../sandbox/decide.ts'
import type { Policy } from '../sandbox/policy.ts'
import type { Quarantined } from '../sandbox/quarantine.ts'
import type { Executor, Outcome } from './execute.ts'
import type { Ways } from './ways.ts'

type CommandPorts = {
  readonly runner: Runner
  /** The workspace's real path. */
  readonly workspace: string
  /** What holds now; throws where that cannot be known. */
  readonly policyNow: () => Policy
  readonly ways: Pick<Ways, 'forCommand'>
}

/** Runs a `command` task behind the sandbox's walls, in `cwd` below the workspace, with what the policy grants it. */
export const commandExecutor =
  ({ runner, workspace, policyNow, ways }: CommandPorts): Executor<'command'> =>
  async ({ task, payload, timeoutMs, onOutput, onProcess, onTerminal, signal, killSignal }) => {
    const { command, args, shell, cwd, env, network, ports = [], terminal } = payload
    const policy = policyNow()
    const wallMs = Math.min(timeoutMs, policy.limits.maxWallMs)
    const decided = decide(policy, shell ? command : [command, ...args], { env, network, ports })
    if (!decided.writable && runner.tier === 'none') {
      const reason = `without a sandbox nothing keeps a command from writing, as the mode \`${policy.commands.mode}\` wants it`
      throw new TandemError('sandbox-unavailable', { reason })
    }
    const asksFor = { hosts: decided.network, ports }
    const isAlone = decided.network.length === 0 && ports.length === 0
    const way = isAlone ? undefined : await ways.forCommand(task, asksFor, policy)
    const program = shell ? { shellLine: command } : { argv: [command, ...args] as [string, ...string[]] }
    const result = await runner.runCommand({
      id: `${task.id}.${task.attempt}`,
      ...program,
      cwd: join(workspace, cwd),
      env: { ...env, TANDEM_TASK_ID: task.id, TANDEM_TASK_ATTEMPT: String(task.attempt) },
      limits: { ...policy.limits, wallMs },
      writable: decided.writable,
      egress: way?.egress,
      signal,
      killSignal,
      ...(terminal && { terminal: { size: terminal, onOpen: onTerminal } }),
      onChunk: onOutput,
      onStarted: onProcess,
    })
    return withRefused(outcomeOf(result, runner.tier, wallMs), way?.refused() ?? [])
  }

/** What is reported of a command that has ended. */
export function outcomeOf(
  { exitCode, signal, reason, networkBlockedHint, quarantined }: CommandResult,
  sandbox: Runner['tier'],
  wallMs: number,
): Outcome {
  const result = {
    exitCode,
    sandbox,
    ...(signal === undefined ? {} : { signal }),
    ...(networkBlockedHint ? { wantedNetwork: true } : {}),
    ...(quarantined && { setAside: setAside(quarantined) }),
  }
  if (reason === 'cancelled') return { state: 'cancelled', result }
  if (reason === 'timeout') {
    return {
      state: 'timed_out',
      result: { ...result, code: reason, error: `it did not end within ${wallMs / 1000} s` },
    }
  }
  if (reason) return { state: 'failed', result: { ...result, code: reason, error: sentences[reason] } }
  if (exitCode === 0) return { state: 'completed', result }
  const error = signal === undefined ? inWords(exitCode) : `it was ended by ${signal}`
  return { state: 'failed', result: { ...result, error } }
}

/** What a command wanted to reach beyond what it was granted; where it failed, that may be why. */
function withRefused(outcome: Outcome, refused: readonly string[]): Outcome {
  if (refused.length === 0) return outcome
  const result = { ...outcome.result, refusedHosts: refused.slice(0, 20).map((host) => host.slice(0, 300)) }
  const { error } = result
  if (error === undefined) return { ...outcome, result }
  const wanted = `${error}; it was refused the way to ${refused.join(', ')}`.slice(0, 4000)
  return { ...outcome, result: { ...result, error: wanted, wantedNetwork: true } }
}

/** As much of it as a record takes. */
function setAside({ folder, paths, left, failed }: Quarantined): SetAside {
  const some = (all: readonly string[]) => all.slice(0, 20).map((path) => path.slice(0, 400))
  return {
    folder: folder.slice(0, 400),
    paths: some(paths),
    left: some(failed === undefined ? left : [`all of it: ${failed}`]),
  }
}

/** What a shell means by them. */
function inWords(exitCode: number | null): string {
  const code = `it ended with exit code ${exitCode}`
  if (exitCode === 127) return `${code}: a command was not found`
  if (exitCode === 126) return `${code}: a command could not be executed`
  return code
}

const sentences: Record<Exclude<EndReason, 'cancelled' | 'timeout'>, string> = {
  'output-limit': 'it wrote more output than allowed',
  'memory-limit': 'it used more memory than allowed',
  'process-limit': 'it started more processes than allowed',
  'growth-limit': 'it added more to the folder than allowed; what it added is still there',
}
