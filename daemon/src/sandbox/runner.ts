import { fstatSync, lstatSync, openSync, realpathSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { isTandemError, messageOf, TandemError, type Log } from '@tandem/shared'
import { openInside, type Root } from '../disk/inside.ts'
import { launchBubblewrap } from './bubblewrap.ts'
import { toArgv, type Command, type CommandResult, type Runner, type Tier } from './command.ts'
import { closeAll, createDataFiles, openAll } from './data-files.ts'
import { commandEnvironment, sandboxHome } from './environment.ts'
import { createFolderIndex } from './folder-index.ts'
import { createGitGuard } from './git-guard.ts'
import { watchGrowth } from './growth.ts'
import type { Identity } from './identity.ts'
import { limitPrefix, type Ceilings, type Limits } from './limits.ts'
import { createPathAccess, type GrantedPath } from './paths.ts'
import type { ProcessGroups } from './process-group.ts'
import { buildProfile, statusFd, type DataFile, type ProfileOptions } from './profile.ts'
import { findProtectedPaths, type ProtectedPaths } from './protected.ts'
import { createQuarantine } from './quarantine.ts'
import { seccompFilter, type SeccompArchitecture } from './seccomp.ts'
import { secretNames } from './secrets.ts'
import { supervise } from './supervise.ts'
import { atTerminal } from './terminal.ts'
import type { Toolchains } from './toolchains.ts'
import { launchUnsafely, unsafeChannelFd } from './unsafe.ts'
import { createWaitingShells } from './waiting-shell.ts'
import { openWayOut, type WayOut } from './way-out.ts'

/** What is common to every command of a workspace, found out once. */
export type Machine = {
  /** The real path of the folder. */
  readonly workspace: string
  readonly identity: Identity
  readonly toolchains: Toolchains
  readonly paths: readonly GrantedPath[]
  /** The daemon's environment, of which little is passed on. */
  readonly hostEnvironment: NodeJS.ProcessEnv
  readonly limits: Limits
  readonly protect: readonly string[]
  readonly hide: readonly string[]
  readonly git: ProfileOptions['git']
  readonly log: Log
}

/** What bubblewrap needs besides. */
export type Walls = {
  readonly bwrap: string
  readonly architecture: SeccompArchitecture
  readonly disableUserns: boolean
  readonly bindsHeld: boolean
  readonly topLevel: ProfileOptions['topLevel']
  readonly etcFiles: readonly string[]
  readonly ceilings: Ceilings
  /** For root; undefined where the watchdog alone must bound the processes. */
  readonly groups: ProcessGroups | undefined
}

/** What was found out before a command starts. `watch` is there where it may write. */
type Begun = {
  readonly cwd: string
  readonly limits: Limits
  readonly protectedPaths: ProtectedPaths
  readonly watch: { readonly startedAt: number } | undefined
}

/** Runs commands inside bubblewrap. Until the signal, where one is given, a shell waits for the next of them. */
export function createSandboxedRunner(machine: Machine, walls: Walls, tier: Tier, signal?: AbortSignal): Runner {
  const { identity, workspace, toolchains } = machine
  const files = createDataFiles()
  const index = createFolderIndex(secretNames(machine.hide))
  const { dev, ino } = lstatSync(workspace, { bigint: true })
  const root: Root = { path: workspace, dev: String(dev), ino: String(ino) }
  const quarantine = createQuarantine({ workspace, identity, index, log: machine.log })
  const guard = createGitGuard(workspace, identity)
  const filter = seccompFilter(walls.architecture, identity.isRoot ? 'both' : 'setuid')
  const shells = signal && createWaitingShells({ identity, groups: walls.groups, signal })

  const run = async (command: Command, begun: Begun): Promise<CommandResult> => {
    const way = command.egress && (await openWayOut(command.egress, identity))
    try {
      return await runWithin(command, begun, way)
    } finally {
      await way?.close()
    }
  }
  const runWithin = async (
    command: Command,
    begun: Begun,
    way: WayOut | undefined,
    mayWait = true,
  ): Promise<CommandResult> => {
    const limits = { ...begun.limits, procs: begun.limits.procs + (way?.processes ?? 0) }
    const profile = buildProfile({
      ...walls,
      workspace,
      cwd: begun.cwd,
      identity,
      environment: environmentOf(machine, command, way?.environment),
      toolchains: toolchains.folders,
      paths: machine.paths,
      protectedPaths: begun.protectedPaths,
      covered: [join(workspace, '.tandem')].filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory()),
      limits,
      git: machine.git,
      writable: begun.watch !== undefined,
      egress: way?.folder,
    })
    const data = openAll(profile.data, (file) => openData({ files, filter, root }, file))
    // bubblewrap itself, its init and the shell before it are in the group too.
    const procs = limits.procs + 3
    const isForWaiting = mayWait && !command.terminal && !command.channel && data.every(opensAtOnce)
    const waiting = isForWaiting ? shells?.take(procs) : undefined
    const group = waiting ? waiting.group : identity.isRoot ? walls.groups?.create(procs) : undefined
    let launched: ReturnType<typeof launchBubblewrap> | undefined
    try {
      launched = launchBubblewrap({
        bwrap: walls.bwrap,
        args: [
          ...profile.args,
          ...(command.terminal ? [] : ownSession),
          ...(way?.prefix ?? []),
          ...limitPrefix(limits, walls.ceilings),
          ...(command.terminal ? atTerminal : []),
          ...(command.channel ? atChannel(statusFd + data.length + 1) : []),
          ...toArgv(command),
        ],
        identity,
        data,
        procsFile: group?.procsFile,
        terminal: command.terminal,
        channel: command.channel,
        waiting,
      })
      const startedAt = begun.watch?.startedAt
      return await supervise(launched, {
        limits,
        watchProcesses: identity.isRoot && group === undefined,
        ...(startedAt !== undefined && {
          watchGrowth: (pids, onExceeded) => watchGrowth({ workspace, index, limits, startedAt, pids, onExceeded }),
        }),
        command,
      })
    } catch (e) {
      // The one that waited may have been ended just then: nothing has run, so another is started.
      if (!waiting || launched?.hasBegun() || !isTandemError(e, 'sandbox-unavailable')) throw e
    } finally {
      closeAll(data)
      group?.end()
      shells?.refill()
    }
    return runWithin(command, begun, way, false)
  }

  /** Between two looks, whatever becomes of it. */
  const runWatched = async (command: Command, triesLeft = 3): Promise<CommandResult> => {
    const cwd = insideWorkspace(workspace, command.cwd)
    const limits = limitsOf(machine, command)
    const found = await index.find(workspace)
    const protectedPaths = findProtectedPaths(workspace, { protect: machine.protect, found })
    if (command.writable === false) return run(command, { cwd, limits, protectedPaths, watch: undefined })
    const { awaited, readOnly } = protectedPaths
    const known = [...readOnly, ...found.obeyed, ...found.repositories.filter((path) => !isFolder(path))]
    const id = command.id ?? `command-${Date.now()}`
    const watch = await quarantine.begin(id, { known, repositories: found.repositories, awaited })
    let result: CommandResult | undefined
    try {
      result = await run(command, { cwd, limits, protectedPaths, watch })
    } catch (e) {
      // What another command or a person moved away since cannot be bound: it is looked for anew. A terminal is opened once.
      if (
        triesLeft === 0 ||
        command.terminal ||
        !isTandemError(e, 'sandbox-unavailable') ||
        !cannotBind.test(messageOf(e))
      )
        throw e
    } finally {
      const quarantined = await watch.end()
      if (result && quarantined) result = { ...result, quarantined }
    }
    return result ?? runWatched(command, triesLeft - 1)
  }

  const runCommand = async (command: Command): Promise<CommandResult> => {
    if (command.signal?.aborted) return neverStarted()
    const release = guard.hold()
    try {
      return await runWatched(command)
    } finally {
      release()
    }
  }
  return { tier, runCommand }
}

/** So that what it sends to its own group, as many a script does at its end, reaches no process of the walls. */
const ownSession = ['/usr/bin/setsid'] as const

/** Only once all data is there it is known which descriptor that is. */
export const atChannel = (fd: number) => ['/usr/bin/env', `TANDEM_CHANNEL=${fd}`] as const

/** Who waited opens it anew, which for a named pipe lasts until somebody writes there. */
const opensAtOnce = (fd: number): boolean => {
  const stat = fstatSync(fd)
  return stat.isFile() || stat.isDirectory()
}

type Sources = { files: ReturnType<typeof createDataFiles>; filter: Buffer; root: Root }

function openData({ files, filter, root }: Sources, file: DataFile): number {
  switch (file.content) {
    case 'filter':
      return files.open(filter)
    case 'empty':
      return files.open('')
    case 'text':
      return files.open(file.text)
    case 'host':
      return openSync(file.path, 'r')
    case 'place': {
      const held = openInside(root, relative(root.path, file.path))
      if (typeof held === 'number') return held
      throw new TandemError('sandbox-unavailable', { reason: `${file.path} is not there any more`, path: file.path })
    }
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
    const { terminal, channel } = command
    const argv = [...(channel ? atChannel(unsafeChannelFd) : []), ...toArgv(command)]
    const launched = launchUnsafely({ argv, cwd, environment, terminal, channel })
    return supervise(launched, { limits: limitsOf(machine, command), watchProcesses: false, command })
  },
})

/** Refuses every command, saying how to get a sandbox. */
export const createRefusingRunner = (reason: string, fix: string): Runner => ({
  tier: 'none',
  runCommand: () => Promise.reject(new TandemError('sandbox-unavailable', { reason: `${reason}. ${fix}` })),
})

/** What bubblewrap says where a path is not what it was a moment ago. */
const cannotBind = /Can't (find|get|create|mkdir|bind|open|stat|make)|Race condition|is not there any more/

export const isFolder = (path: string) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

/** The result of a command that was cancelled before. */
export const neverStarted = (at = Date.now()): CommandResult => ({
  exitCode: null,
  reason: 'cancelled',
  startedAt: at,
  endedAt: at,
  networkBlockedHint: false,
})

/** What holds for one command: the policy's limits, where it names none of its own. */
export function limitsOf(machine: Pick<Machine, 'limits'>, { limits }: Pick<Command, 'limits'>): Limits {
  const given = Object.fromEntries(Object.entries(limits ?? {}).filter(([, value]) => value !== undefined))
  const merged = { ...machine.limits, ...given }
  return { ...merged, wallMs: Math.min(merged.wallMs, machine.limits.maxWallMs) }
}

const environmentOf = (
  { hostEnvironment, toolchains }: Machine,
  { env, terminal }: Command,
  network?: WayOut['environment'],
) =>
  commandEnvironment({
    host: hostEnvironment,
    path: toolchains.path,
    toolchains: toolchains.environment,
    task: env,
    network,
    atTerminal: terminal !== undefined,
  })

/** The real path of `cwd`, which must lie in the workspace: a link out of it is refused, as is a sibling's name. */
export function insideWorkspace(workspace: string, cwd: string): string {
  const real = realPath(cwd)
  const isAllowed = createPathAccess([{ path: workspace, mode: 'write' }])
  if (!isAllowed(real, 'read')) throw new TandemError('path-outside-workspace', { path: cwd })
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
