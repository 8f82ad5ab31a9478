import { existsSync, lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { TandemError } from '@tandem/shared'
import { createAround, type Begun } from '../around.ts'
import { toArgv, type Command, type CommandResult, type Runner } from '../command.ts'
import { commandEnvironment } from '../environment.ts'
import { watchGrowth } from '../growth.ts'
import type { Machine } from '../runner.ts'
import { supervise } from '../supervise.ts'
import { makeTemporary, removeTemporary } from '../temporary.ts'
import { fenceOf } from './fence.ts'
import type { Helper } from './helper.ts'
import { channelFd, launchFenced } from './launch.ts'
import { lineOf } from './line.ts'

/**
 * Runs commands behind the sandbox of the system's own vendor, by Anthropic's sandbox runtime. It bounds no processes and no
 * memory, which a look at the table of processes does instead; there is no network and no terminal.
 */
export function createVendorRunner(machine: Machine, helper: Helper): Runner {
  const { workspace, toolchains } = machine
  const around = createAround(machine, { isHeld: false })

  const run = async (command: Command, { cwd, limits, protectedPaths, startedAt }: Begun): Promise<CommandResult> => {
    if (command.terminal || command.egress)
      throw new TandemError('sandbox-unavailable', {
        reason: 'in the sandbox of this system there is no terminal and no network yet',
      })
    const own = realpathSync(makeTemporary('own'))
    const [home, temporary] = [join(own, 'home'), join(own, 'tmp')]
    for (const folder of [home, temporary]) mkdirSync(folder)
    try {
      const environment = {
        ...commandEnvironment({
          host: machine.hostEnvironment,
          path: toolchains.path,
          toolchains: toolchains.environment,
          task: command.env,
        }),
        HOME: home,
        TMPDIR: temporary,
        ...(command.channel && { TANDEM_CHANNEL: String(channelFd) }),
      }
      const lastFd = command.channel ? channelFd : 2
      const fence = fenceOf({
        workspace,
        own,
        writable: startedAt !== undefined,
        toolchains: toolchains.folders,
        paths: machine.paths,
        protectedPaths,
        covered: [join(workspace, '.tandem')].filter((path) =>
          lstatSync(path, { throwIfNoEntry: false })?.isDirectory(),
        ),
      })
      const argv = await helper.fence(lineOf({ argv: toArgv(command), cwd, own, environment, limits, lastFd }), fence)
      const isStarted = () => existsSync(join(own, 'started'))
      const launched = launchFenced({ argv, folder: helper.folder, channel: command.channel, limits, isStarted })
      const result = await supervise(launched, {
        limits,
        watchProcesses: false,
        ...(startedAt !== undefined && {
          watchGrowth: (pids, onExceeded) =>
            watchGrowth({ workspace, index: around.index, limits, startedAt, pids, onExceeded }),
        }),
        command,
      })
      const reason = launched.exceeded()
      return reason && !result.reason ? { ...result, exitCode: null, reason } : result
    } finally {
      try {
        removeTemporary(own)
      } catch (error) {
        machine.log.warn('what a command left in its own folder could not be removed', { own, error })
      }
    }
  }
  return { tier: 'reduced', runCommand: (command) => around.run(command, (begun) => run(command, begun)) }
}
