import { execFile } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { TandemError } from '@tandem/shared'
import { createAround, type Begun } from './around.ts'
import { launchBubblewrap } from './bubblewrap.ts'
import { toArgv, type Command, type CommandResult, type Runner } from './command.ts'
import { closeAll, createDataFiles } from './data-files.ts'
import { commandEnvironment } from './environment.ts'
import { watchGrowth } from './growth.ts'
import { watchSize } from './watch-size.ts'
import type { Identity } from './identity.ts'
import { besideOthers, landlockPrefix, landlockRules, ownProcesses } from './landlock.ts'
import { limitPrefix } from './limits.ts'
import { gitConfig, statusFd } from './profile.ts'
import { atChannel, type Machine, type Walls } from './runner.ts'
import { seccompFilter } from './seccomp.ts'
import { supervise } from './supervise.ts'
import { makeTemporary } from './temporary.ts'
import { atTerminal } from './terminal.ts'
import { closeWhenSilent } from './unsafe.ts'

/** What the walls are made of where there are no namespaces. */
export type ReducedWalls = Pick<Walls, 'architecture' | 'topLevel' | 'ceilings' | 'groups'>

/**
 * Runs commands behind Landlock and a filter of system calls, where the system lets nobody open namespaces. Files outside
 * are as closed as elsewhere, and there is no network at all; what is not held is said in `reducedInWords`.
 */
export function createReducedRunner(machine: Machine, walls: ReducedWalls): Runner {
  const { identity, workspace, toolchains } = machine
  const data = createDataFiles()
  const filter = seccompFilter(walls.architecture, identity.isRoot ? 'both' : 'setuid', { alone: true })
  const around = createAround(machine, { isHeld: false })

  const run = async (command: Command, begun: Begun): Promise<CommandResult> => {
    if (command.egress) throw noNetwork()
    const { limits, startedAt, cwd } = begun
    const own = makeOwn(identity, gitConfig(machine))
    const group = identity.isRoot ? walls.groups?.create(limits.procs + ownProcesses) : undefined
    const fds = [data.open(filter)]
    try {
      const [program, ...args] = landlockPrefix({
        architecture: walls.architecture,
        identity,
        procsFile: group?.procsFile,
        atTerminal: command.terminal !== undefined,
        cwd,
        rules: landlockRules({
          topLevel: walls.topLevel,
          toolchains: toolchains.folders,
          paths: machine.paths,
          workspace,
          writable: startedAt !== undefined,
          own: [own.home, own.temporary],
          atTerminal: command.terminal !== undefined,
        }),
        environment: {
          ...commandEnvironment({
            host: machine.hostEnvironment,
            path: toolchains.path,
            toolchains: toolchains.environment,
            task: command.env,
            atTerminal: command.terminal !== undefined,
          }),
          HOME: own.home,
          TMPDIR: own.temporary,
          // The machine's own settings cannot be read, which git takes for an error.
          GIT_CONFIG_NOSYSTEM: '1',
        },
      })
      const launched = launchBubblewrap({
        bwrap: program,
        args: [
          ...args,
          ...limitPrefix(besideOthers(limits, identity), walls.ceilings),
          ...(command.terminal ? atTerminal : []),
          ...(command.channel ? atChannel(statusFd + fds.length + 1) : []),
          ...toArgv(command),
        ],
        // What root needs besides, the launcher does itself.
        identity: { ...identity, isRoot: false },
        data: fds,
        procsFile: undefined,
        terminal: command.terminal,
        channel: command.channel,
      })
      // Where both of the launcher were killed, what they looked after may hold these open for ever.
      const closeIfLost = ({ started }: { started: boolean }) => {
        if (!started) for (const stream of [launched.stdout, launched.stderr]) closeWhenSilent(stream)
      }
      launched.exit.then(closeIfLost, () => {}) // its failure is told below
      return await supervise(launched, {
        limits,
        // The kernel counts others with it, and not at all where it runs as root.
        watchProcesses: group === undefined,
        watchGrowth: (pids, onExceeded) => {
          const { index } = around
          const stopOwn = watchSize({ folder: own.folder, index, limits, pids, onExceeded })
          const stop =
            startedAt === undefined ? undefined : watchGrowth({ workspace, index, limits, startedAt, pids, onExceeded })
          return () => {
            stopOwn()
            stop?.()
          }
        },
        command,
      })
    } finally {
      closeAll(fds)
      group?.end()
      await own.remove()
    }
  }
  return { tier: 'reduced', runCommand: (command) => around.run(command, (begun) => run(command, begun)) }
}

const noNetwork = () =>
  new TandemError('sandbox-unavailable', {
    reason:
      'this daemon’s sandbox is reduced: nothing in it reaches the network, nor is reached; run the command without, or where there is a full sandbox',
  })

/** A home and a folder for temporary files of one command's own, on disk, since nothing can be mounted. */
function makeOwn({ uid, gid }: Identity, gitconfig: readonly string[]) {
  const folder = makeTemporary('task')
  // Its own folders alone are the command's; this one is looked into by nobody.
  chmodSync(folder, 0o711)
  const [home, temporary] = [join(folder, 'home'), join(folder, 'tmp')] as const
  for (const path of [home, temporary]) {
    mkdirSync(path, { mode: 0o700 })
    chownSync(path, uid, gid)
  }
  const config = join(home, '.gitconfig')
  writeFileSync(config, gitconfig.map((line) => `${line}\n`).join(''))
  chownSync(config, uid, gid)
  const remove = () =>
    rm(folder, { recursive: true, force: true }).catch(async () => {
      // A folder in it was closed.
      await promisify(execFile)('/bin/chmod', ['-R', 'u+rwX', '--', folder]).catch(() => {})
      await rm(folder, { recursive: true, force: true }).catch(() => {}) // the next start tries again
    })
  return { folder, home, temporary, remove }
}

/** What a reduced sandbox leaves open, for a person. */
export const reducedInWords =
  'This system lets no program open namespaces, so the sandbox is reduced. Closed all the same: files outside, the network, other processes. ' +
  'Open: commands see secrets in the folder (.env), can change what editors and git obey there (what changed is set aside afterwards), ' +
  'see which processes run, and can change modes and times of their owner’s files elsewhere; no command gets a network or a server of its own'
