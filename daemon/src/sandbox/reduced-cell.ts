import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { cellOf, createPlaces, type StartCell } from './cell.ts'
import { closeAll, createDataFiles } from './data-files.ts'
import { withDescriptorsUpTo } from './descriptors.ts'
import type { Identity } from './identity.ts'
import { landlockPrefix, othersOf, ownProcesses, programRules } from './landlock.ts'
import { signalEach } from './process-tree.ts'
import type { ReducedWalls } from './reduced.ts'
import { seccompFilter } from './seccomp.ts'

/** Cells behind Landlock and a filter of system calls: they see the libraries of the system, and their own files. */
export function createReducedCells(walls: ReducedWalls, identity: Identity, signal: AbortSignal): StartCell {
  const data = createDataFiles()
  const filter = seccompFilter(walls.architecture, identity.isRoot ? 'both' : 'setuid', { alone: true })
  const { folder, place } = createPlaces(signal)
  return ({ argv, files, cpuSeconds, procs }) => {
    const [program, ...rest] = place(argv, files)
    const group = identity.isRoot ? walls.groups?.create(procs + ownProcesses) : undefined
    const fds = [data.open(filter)]
    const most = Math.min(procs + othersOf(identity), walls.ceilings.procs)
    const [file, ...args] = [
      ...withDescriptorsUpTo(4),
      ...landlockPrefix({
        architecture: walls.architecture,
        identity,
        procsFile: group?.procsFile,
        atTerminal: false,
        cwd: '/',
        rules: programRules(walls.topLevel, [program, folder]),
        environment: {},
      }),
      ...['/usr/bin/prlimit', `--nproc=${most}`, '--fsize=0', '--core=0', '--nofile=64', `--cpu=${cpuSeconds}`, '--'],
      program,
      ...rest,
    ] as const
    try {
      const child = spawn(file, args, {
        cwd: '/',
        env: {},
        detached: true,
        stdio: ['pipe', 'pipe', 'pipe', 'pipe', ...fds],
        ...(identity.drop && { uid: identity.uid, gid: identity.gid }),
      })
      // What the launcher reports is of no interest here.
      ;(child.stdio[3] as Readable).resume()
      // The launcher ends all of it first, and then itself.
      return cellOf(
        child,
        () => group?.end(),
        (pid) => signalEach([pid], 'SIGTERM'),
      )
    } finally {
      closeAll(fds)
    }
  }
}
