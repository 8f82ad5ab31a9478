import { createHash } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { TandemError, type Clock } from '@tandem/shared'
import { createAround, type Begun } from '../sandbox/around.ts'
import type { Command, CommandResult, Runner } from '../sandbox/command.ts'
import { commandEnvironment } from '../sandbox/environment.ts'
import { watchGrowth } from '../sandbox/growth.ts'
import type { Machine } from '../sandbox/runner.ts'
import { supervise } from '../sandbox/supervise.ts'
import type { Cli } from './cli.ts'
import { startContainer, type Container } from './container.ts'
import { createArgs, keyOf, type ContainerPlan } from './create-args.ts'
import { launchIn } from './launch.ts'

/** One that nobody has used for so long is removed, and beyond so many the one not used for longest. */
const idleMs = 5 * 60_000
const maxIdle = 4

export type Containers = {
  /**
   * What runs commands in containers: a new one each, or, for those of one session, the one that the last of them left,
   * as long as it is just what a new one would be. Throws as a runner does.
   */
  runnerFor(session: string | undefined): Runner
  /** Removes what a daemon that was killed left behind for this folder. */
  sweep(): Promise<void>
}

export type ContainersOptions = {
  readonly cli: Cli
  readonly image: string
  readonly cpus: number
  readonly machine: Pick<Machine, 'workspace' | 'identity' | 'limits' | 'protect' | 'hide' | 'log' | 'hostEnvironment'>
  /** Names this daemon's session: what bears another name is nobody's any more. */
  readonly bootId: string
  readonly clock: Clock
  /** Aborts when nothing is run any more. */
  readonly signal: AbortSignal
}

/**
 * Runs commands in containers, each behind walls of its own, and one at a time in each; as the folder's owner, who must
 * not be root.
 */
export function createContainers({ cli, image, cpus, machine, bootId, clock, signal }: ContainersOptions): Containers {
  const { workspace, identity, log } = machine
  const around = createAround(machine)
  const folder = createHash('sha256').update(workspace).digest('hex').slice(0, 16)
  const prefix = `tandem-${folder}-${bootId.toLowerCase()}-`
  const labels = { 'tandem.folder': folder, 'tandem.boot': bootId }
  const idle = new Map<Container, { key: string; cancel(): void }>()
  let made = 0

  const drop = (container: Container) => {
    idle.get(container)?.cancel()
    idle.delete(container)
    return container.remove()
  }
  const take = async (plan: ContainerPlan, key: string): Promise<Container> => {
    for (const [container, kept] of idle) {
      if (container.isGone()) void drop(container)
      else if (kept.key === key) {
        kept.cancel()
        idle.delete(container)
        return container
      }
    }
    return startContainer(cli, { name: `${prefix}${++made}`, args: createArgs(plan), image, labels })
  }
  /** Kept is what is clean, and will be looked for. */
  const giveBack = async (container: Container, key: string | undefined) => {
    if (key === undefined || signal.aborted || container.isGone() || !(await container.isEmpty()))
      return container.remove()
    // Made anew, what it holds would not be held any more.
    const release = around.hold()
    const [oldest] = idle.size >= maxIdle ? idle.keys() : []
    if (oldest) void drop(oldest)
    const cancelIdle = clock.after(idleMs, () => void drop(container))
    idle.set(container, {
      key,
      cancel: () => {
        cancelIdle()
        release()
      },
    })
    if (signal.aborted) await drop(container)
  }
  signal.addEventListener('abort', () => [...idle.keys()].forEach((container) => void drop(container)), { once: true })

  const run = async (session: string | undefined, command: Command, begun: Begun): Promise<CommandResult> => {
    const { cwd, limits, protectedPaths, startedAt } = begun
    const plan: ContainerPlan = {
      image,
      cpus,
      workspace,
      identity,
      limits,
      writable: startedAt !== undefined,
      protectedPaths,
      covered: [join(workspace, '.tandem')].filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory()),
      isPodman: cli.isPodman,
      isRootless: process.getuid?.() !== 0,
    }
    const key = `${session ?? ''}\0${keyOf(plan)}`
    const container = await take(plan, key)
    let result: CommandResult | undefined
    try {
      const argv = 'argv' in command ? command.argv : ['sh', '-c', command.shellLine]
      const environment = environmentOf(machine.hostEnvironment, command)
      result = await supervise(launchIn(container, { argv, cwd, environment, channel: command.channel }), {
        limits,
        watchProcesses: false,
        ...(startedAt !== undefined && {
          watchGrowth: (pids, onExceeded) =>
            watchGrowth({ workspace, index: around.index, limits, startedAt, pids, onExceeded }),
        }),
        command,
      })
      const isOfMemory = result.signal === 'SIGKILL' && !result.reason && (await container.ranOutOfMemory())
      return isOfMemory ? { ...result, exitCode: null, reason: 'memory-limit' } : result
    } finally {
      // What was ended by force may have left anything behind.
      const isClean = result !== undefined && result.reason === undefined && result.signal === undefined
      await giveBack(container, isClean && session !== undefined ? key : undefined)
    }
  }

  return {
    runnerFor: (session) => ({
      tier: 'reduced',
      runCommand: async (command) => {
        if (command.terminal || command.egress)
          throw new TandemError('sandbox-unavailable', { reason: 'in a container there is no terminal and no network' })
        return around.run(command, (begun) => run(session, command, begun))
      },
    }),
    sweep: async () => {
      const { ok, stdout } = await cli.ask(
        'ps',
        '-a',
        '--filter',
        `label=tandem.folder=${folder}`,
        '--format',
        '{{.Names}}',
      )
      const left = stdout.split('\n').filter((name) => name.startsWith('tandem-') && !name.startsWith(prefix))
      if (!ok || left.length === 0) return
      log.warn('containers of a daemon that was killed are removed', { containers: left.length })
      await cli.ask('rm', '-f', '-v', ...left)
    },
  }
}

/** Root in a container is root outside, as far as files go. */
export const ofRoot = 'The folder belongs to root, and in a container code is not run as root'

/** As for any command, but that the image knows best where its programs are. */
function environmentOf(host: NodeJS.ProcessEnv, { env }: Command): Readonly<Record<string, string>> {
  const { PATH: _path, SHELL: _shell, ...rest } = commandEnvironment({ host, path: [], task: env })
  return rest
}
