import { realpathSync } from 'node:fs'
import { messageOf, TandemError, type Clock, type Id, type Log, type Task } from '@tandem/shared'
import type { Approval, SandboxState } from '@tandem/shared/docs'
import { openContainers, type Opened } from '../containers/open.ts'
import { createIsolate } from '../isolate/isolate.ts'
import { createNodeGuests } from '../isolate/run-node.ts'
import { createCells, createUnsafeCells, type StartCell } from '../sandbox/cell.ts'
import { commandIdentity } from '../sandbox/identity.ts'
import { isolateLimitsOf } from '../sandbox/isolate-limits.ts'
import { openRunner } from '../sandbox/open-runner.ts'
import type { Policy } from '../sandbox/policy.ts'
import { wallsInWords } from '../sandbox/probe.ts'
import { createReducedCells } from '../sandbox/reduced-cell.ts'
import { createPolicyNow, repositoryPolicyFile } from '../sandbox/repository-policy.ts'
import { createExecute, defaultTimeoutMs, type Execute } from './execute.ts'
import { judge, type Judgement } from './judge.ts'
import { bashExecutor } from './run-bash.ts'
import { codeExecutor, runnerOf } from './run-code.ts'
import { commandExecutor } from './run-command.ts'
import { createVirtual, type ProjectPorts } from './virtual.ts'
import { createWays } from './ways.ts'

export type GateOptions = {
  /** The folder served. */
  workspace: string
  /** Names the workspace's history: what is known of its code is of no use in another. */
  history: string
  policy: Policy
  /** The daemon's environment, of which commands get little. */
  environment: NodeJS.ProcessEnv
  /** `--unsafe-no-sandbox`. */
  unsafe: boolean
  /** For who asks how things stand, and runs nothing. */
  looksOnly?: boolean
  /** The files of the project, for code and virtual shells; for who only asks there are none. */
  project?: ProjectPorts
  /** The daemon's session, for which people may say yes. */
  bootId: Id
  clock: Clock
  log: Log
  /** Aborts when nothing is run any more: what is kept ready for it ends. */
  signal: AbortSignal
}

/** The way by which anything is run on this machine, and what it says of itself. */
export type Gate = {
  execute: Execute
  judge(task: Task, approvals: Iterable<Approval>): Judgement
  /** Whether it works in the folder itself; else it is over documents and scratch files, with a disk or without. */
  usesFolder(task: Pick<Task, 'payload' | 'timeoutMs'>): boolean
  /** For the daemon's document: every view says how far the walls hold. */
  state: SandboxState
  /** What tasks may ask a daemon for, beside commands. */
  capabilities: readonly string[]
  /** What the walls are made of, in words, and which attacks were tried and held off; for `tandem doctor`. */
  found: { readonly walls?: string; readonly held: readonly string[]; readonly containers: Opened }
}

/** Finds out what can be run here, and how. Without a sandbox every task is refused with the way to get one. */
export async function openGate(options: GateOptions): Promise<Gate> {
  const { history, policy, environment, unsafe, bootId, clock, log, signal } = options
  const workspace = realpathSync(options.workspace)
  const { looksOnly = false } = options
  const identity = commandIdentity(workspace)
  const [{ runner, probe }, contained] = await Promise.all([
    openRunner({ workspace, policy, environment, unsafe, looksOnly, signal, log }),
    openContainers({
      ...policy.containers,
      machine: {
        ...{ workspace, identity, log, limits: policy.limits, hide: policy.sandbox.hide, hostEnvironment: environment },
        protect: [...policy.sandbox.protect, repositoryPolicyFile],
      },
      ...{ bootId, looksOnly, clock, signal },
    }),
  ])
  const { tier, reason, fix } = probe
  const madeOf = wallsInWords(probe, identity)
  const said = { ...(reason === undefined ? {} : { reason }), ...(fix === undefined ? {} : { fix }) }
  const state: SandboxState = { tier: unsafe ? 'unsafe' : tier, ...said }
  const sentence = [reason ?? 'There is no sandbox', fix].filter((part) => part !== undefined).join('. ')
  const unavailable = state.tier === 'none' ? { code: 'sandbox-unavailable', reason: sentence } : undefined
  const policyNow = createPolicyNow(workspace, policy)
  const ways = createWays({ workspace, environment, clock, log })
  /** Nothing is run by a policy that cannot be known. */
  const now = () => {
    try {
      return { policy: policyNow(), unavailable }
    } catch (e) {
      return { policy, unavailable: { code: 'config-invalid', reason: messageOf(e) } }
    }
  }
  const refuse: StartCell = () => {
    throw new TandemError('sandbox-unavailable', { reason: sentence })
  }
  const walled = probe.walls ? createCells(probe.walls, identity) : refuse
  const behind = probe.reduced ? createReducedCells(probe.reduced, identity, signal) : walled
  const command = commandExecutor({ runner, workspace, policyNow, ways })
  const virtual = createVirtual({ project: options.project, command, policyNow, clock })
  signal.addEventListener('abort', virtual.close, { once: true })
  const code = codeExecutor({
    isolate: probe.vendor
      ? undefined
      : createIsolate({
          startCell: unsafe ? createUnsafeCells(signal) : behind,
          limits: isolateLimitsOf(policy),
          history,
          clock,
          signal,
        }),
    node: createNodeGuests({ runner, workspace }),
    containerFor: (session) => {
      if (!contained.containers) return { reason: `${contained.reason}. ${contained.fix}` }
      const walls = contained.containers.runnerFor(session)
      return { guests: createNodeGuests({ runner: walls, workspace, node: 'node' }), tier: walls.tier }
    },
    policyNow,
    tier: runner.tier,
    virtual,
    fetchFor: (task) => ways.forCode(task, policyNow()),
  })
  return {
    execute: createExecute({ command, code, bash: bashExecutor({ virtual, policyNow }) }),
    usesFolder: ({ payload, timeoutMs = defaultTimeoutMs }) =>
      payload.kind === 'code'
        ? runnerOf(payload, timeoutMs, now().policy, !probe.vendor) !== 'isolate'
        : payload.kind !== 'bash',
    judge: (task, approvals) => judge(task, approvals, { ...now(), bootId }),
    state,
    capabilities: contained.containers ? ['container'] : [],
    found: {
      ...(madeOf !== undefined && { walls: madeOf }),
      held: probe.held,
      containers: contained,
    },
  }
}
