import { openSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, relative } from 'node:path'
import { TandemError } from '@tandem/shared'
import { launchBubblewrap } from './bubblewrap.ts'
import { toArgv, type Command, type CommandResult, type Runner, type Tier } from './command.ts'
import { closeAll, createDataFiles } from './data-files.ts'
import { commandEnvironment, sandboxHome } from './environment.ts'
import { createGitGuard } from './git-guard.ts'
import type { Identity } from './identity.ts'
import { limitPrefix, type Ceilings, type Limits } from './limits.ts'
import type { ProcessGroups } from './process-group.ts'
import { buildProfile, type DataFile, type ProfileOptions } from './profile.ts'
import { findProtectedPaths } from './protected.ts'
import { seccompFilter, type SeccompArchitecture } from './seccomp.ts'
import { createSecretFinder } from './secrets.ts'
import { supervise } from './supervise.ts'
import { atTerminal } from './terminal.ts'
import type { Toolchains } from './toolchains.ts'
import { launchUnsafely } from './unsafe.ts'

/** What is common to every command of a workspace, found out once. */
export type Machine = {
  /** The real path of the folder. */
  readonly workspace: string
  readonly identity: Identity
  readonly toolchains: Toolchains
  /** The daemon's environment, of which little is passed on. */
  readonly hostEnvironment: NodeJS.ProcessEnv
  readonly limits: Limits
  readonly protect: readonly string[]
  readonly hide: readonly string[]
  readonly git: ProfileOptions['git']
}

/** What bubblewrap needs besides. */
export type Walls = {
  readonly bwrap: string
  readonly architecture: SeccompArchitecture
  readonly disableUserns: boolean
  readonly topLevel: ProfileOptions['topLevel']
  readonly etcFiles: readonly string[]
  readonly ceilings: Ceilings
  /** For root; undefined where the watchdog alone must bound the processes. */
  readonly groups: ProcessGroups | undefined
}

/** Runs commands inside bubblewrap. */
export function createSandboxedRunner(machine: Machine, walls: Walls, tier: Tier): Runner {
  const { identity, workspace, toolchains } = machine
  const files = createDataFiles()
  const findSecrets = createSecretFinder(machine.hide)
  const guard = createGitGuard(workspace, identity)
  const filter = seccompFilter(walls.architecture, identity.isRoot ? 'both' : 'setuid')

  const run = async (command: Command): Promise<CommandResult> => {
    const limits = limitsOf(machine, command)
    const profile = buildProfile({
      ...walls,
      workspace,
      cwd: insideWorkspace(workspace, command.cwd),
      identity,
      environment: environmentOf(machine, command),
      toolchains: toolchains.folders,
      protectedPaths: findProtectedPaths(workspace, { protect: machine.protect, findSecrets }),
      limits,
      git: machine.git,
      writable: command.writable ?? true,
      atTerminal: command.terminal !== undefined,
    })
    const data = profile.data.map((file) => openData(files, file, filter))
    // bubblewrap itself, its init and the shell before it are in the group too.
    const group = identity.isRoot ? walls.groups?.create(limits.procs + 3) : undefined
    try {
      const launched = launchBubblewrap({
        bwrap: walls.bwrap,
        args: [
          ...profile.args,
          ...limitPrefix(limits, walls.ceilings),
          ...(command.terminal ? atTerminal : []),
          ...toArgv(command),
        ],
        identity,
        data,
        procsFile: group?.procsFile,
        terminal: command.terminal,
      })
      return await supervise(launched, { limits, watchProcesses: identity.isRoot && group === undefined, command })
    } finally {
      closeAll(data)
      group?.end()
    }
  }
  const runCommand = async (command: Command): Promise<CommandResult> => {
    if (command.signal?.aborted) return neverStarted()
    const release = guard.hold()
    try {
      return await run(command)
    } finally {
      release()
    }
  }
  return { tier, runCommand }
}

function openData(files: ReturnType<typeof createDataFiles>, file: DataFile, filter: Buffer): number {
  switch (file.content) {
    case 'filter':
      return files.open(filter)
    case 'empty':
      return files.open('')
    case 'text':
      return files.open(file.text)
    case 'host':
      return openSync(file.path, 'r')
    default:
      return file satisfies never
  }
}

/** Runs commands without walls: only where the owner has asked for it by name. Every result carries tier `none`. */
export const createUnsafeRunner = (machine: Machine): Runner => ({
  tier: 'none',
  runCommand: async (command) => {
    if (command.signal?.aborted) return neverStarted()
    const cwd = insideWorkspace(machine.workspace, command.cwd)
    const home = machine.hostEnvironment.HOME ?? sandboxHome
    const environment = { ...environmentOf(machine, command), HOME: home }
    const launched = launchUnsafely({ argv: toArgv(command), cwd, environment, terminal: command.terminal })
    return supervise(launched, { limits: limitsOf(machine, command), watchProcesses: false, command })
  },
})

/** Refuses every command, saying how to get a sandbox. */
export const createRefusingRunner = (reason: string, fix: string): Runner => ({
  tier: 'none',
  runCommand: () => Promise.reject(new TandemError('sandbox-unavailable', { reason: `${reason}. ${fix}` })),
})

const neverStarted = (at = Date.now()): CommandResult => ({
  exitCode: null,
  reason: 'cancelled',
  startedAt: at,
  endedAt: at,
  networkBlockedHint: false,
})

function limitsOf(machine: Machine, { limits }: Command): Limits {
  const given = Object.fromEntries(Object.entries(limits ?? {}).filter(([, value]) => value !== undefined))
  const merged = { ...machine.limits, ...given }
  return { ...merged, wallMs: Math.min(merged.wallMs, machine.limits.maxWallMs) }
}

const environmentOf = ({ hostEnvironment, toolchains }: Machine, { env, terminal }: Command) =>
  commandEnvironment({
    host: hostEnvironment,
    path: toolchains.path,
    toolchains: toolchains.environment,
    task: env,
    atTerminal: terminal !== undefined,
  })

/** The real path of `cwd`, which must lie in the workspace: a link out of it is refused, as is a sibling's name. */
function insideWorkspace(workspace: string, cwd: string): string {
  const real = realPath(cwd)
  const way = relative(workspace, real)
  if (way === '..' || way.startsWith('../') || isAbsolute(way))
    throw new TandemError('path-outside-workspace', { path: cwd })
  if (!statSync(real).isDirectory())
    throw new TandemError('not-found', { reason: 'the working folder is a file', path: cwd })
  return real
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch (cause) {
    throw new TandemError('not-found', { reason: 'the working folder does not exist', path }, cause)
  }
}
