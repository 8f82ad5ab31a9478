import { execFileSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import type { Log } from '@tandem/shared'
import type { Runner } from './command.ts'
import { createFolderIndex } from './folder-index.ts'
import { openGrantedFolders } from './granted-folders.ts'
import { commandIdentity } from './identity.ts'
import { createPathAccess, findGrantedPaths } from './paths.ts'
import type { Policy } from './policy.ts'
import { probe, type Probe } from './probe.ts'
import { repositoryPolicyFile } from './repository-policy.ts'
import { createQuarantine } from './quarantine.ts'
import { createReducedRunner } from './reduced.ts'
import { createRefusingRunner, createSandboxedRunner, createUnsafeRunner, type Machine } from './runner.ts'
import { sweepTemporary } from './temporary.ts'
import { findToolchains } from './toolchains.ts'
import { findProgram } from './walls.ts'

type OpenOptions = {
  readonly workspace: string
  readonly policy: Policy
  /** The daemon's environment. */
  readonly environment: NodeJS.ProcessEnv
  /** `--unsafe-no-sandbox`: run without walls. Never a fall-back: the owner says it by name. */
  readonly unsafe: boolean
  /** Nothing is to be run: nothing in the folder is touched either. */
  readonly looksOnly?: boolean | undefined
  /** Until it aborts, what takes long to start is kept ready for the next command. */
  readonly signal?: AbortSignal | undefined
  readonly log: Log
}

/**
 * Finds out what walls this machine offers and returns what runs commands behind them. Without walls every command is
 * refused with the way to get them, unless `unsafe`.
 */
export async function openRunner({
  workspace,
  policy,
  environment,
  unsafe,
  looksOnly = false,
  signal,
  log,
}: OpenOptions): Promise<{ runner: Runner; probe: Probe }> {
  const machine = describeMachine({ workspace, policy, environment, log })
  const { workspace: real, identity } = machine
  // Also where nothing can be run now: a daemon that was killed may have left something behind.
  const index = createFolderIndex(() => false)
  const granted = openGrantedFolders(machine)
  if (!looksOnly) {
    await createQuarantine({ workspace: real, identity, index, log }).recover()
    await granted.recover()
    sweepTemporary()
  }
  if (unsafe) {
    log.warn('commands run without a sandbox', { workspace: real })
    const reason = 'The owner started it with --unsafe-no-sandbox'
    return {
      runner: createUnsafeRunner(machine),
      probe: { tier: 'none', held: [], reason, fix: 'Start without that option.' },
    }
  }
  const mayBeReduced = policy.sandbox.onUnavailable === 'reduced'
  const path = environment.PATH ?? ''
  if (process.platform !== 'linux') {
    // Loaded only where it is of use.
    const { openVendorSandbox } = await import('./vendor/open.ts')
    const { probe, runner } = await openVendorSandbox(machine, { path, mayBeReduced })
    return { probe, runner: granted.lookAfter(runner) }
  }
  const result = await probe({ path, workspace: real, identity, mayBeReduced, log })
  log.info('sandbox probed', { tier: result.tier, held: result.held.length, reason: result.reason })
  return { probe: result, runner: granted.lookAfter(runnerFor(machine, result, signal)) }
}

function runnerFor(
  machine: Machine,
  { walls, reduced, reason = 'There is no sandbox', fix = '' }: Probe,
  signal: AbortSignal | undefined,
): Runner {
  if (walls) return createSandboxedRunner(machine, walls, 'full', signal)
  return reduced ? createReducedRunner(machine, reduced) : createRefusingRunner(reason, fix)
}

/** What is common to every command of a workspace. */
export function describeMachine({
  workspace,
  policy,
  environment,
  log,
}: Pick<OpenOptions, 'workspace' | 'policy' | 'environment' | 'log'>): Machine {
  const identity = commandIdentity(workspace)
  const real = realpathSync(workspace)
  const path = environment.PATH ?? ''
  const home = environment.HOME ?? homedir()
  const git = findProgram('git', path, real)
  const setting = (key: 'name' | 'email') =>
    git === undefined ? {} : gitSetting(git, key, { ...environment, HOME: home })
  const paths = findGrantedPaths(policy.paths, { workspace: real, home, identity })
  const toolchains = findToolchains({ path, home, workspace: real, node: process.execPath, identity })
  // What lies where commands may write is seen there, and could be swapped for a link.
  const isChanged = createPathAccess(paths)
  const folders = toolchains.folders.filter((folder) => !isChanged(folder, 'write'))
  return {
    workspace: real,
    identity,
    toolchains: { ...toolchains, folders },
    paths,
    hostEnvironment: environment,
    limits: policy.limits,
    // Else a command could make the next ones less strictly judged.
    protect: [...policy.sandbox.protect, repositoryPolicyFile],
    hide: policy.sandbox.hide,
    git: { ...setting('name'), ...setting('email') },
    log,
  }
}

/** The name for commits, from the person's own settings; asked for at /, so that no repository answers. */
function gitSetting(
  git: string,
  key: 'name' | 'email',
  { PATH, HOME, XDG_CONFIG_HOME, GIT_CONFIG_GLOBAL }: NodeJS.ProcessEnv,
): Partial<Record<'name' | 'email', string>> {
  try {
    const value = execFileSync(git, ['config', '--global', '--get', `user.${key}`], {
      cwd: '/',
      env: { PATH, HOME, XDG_CONFIG_HOME, GIT_CONFIG_GLOBAL },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return { [key]: value.trim() }
  } catch {
    return {} // not set, or no git: commits then carry the task's own name
  }
}
