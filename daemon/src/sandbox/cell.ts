import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { messageOf, TandemError } from '@tandem/shared'
import { closeAll, createDataFiles } from './data-files.ts'
import { endGuarded, guardedWithDescriptorsUpTo, withDescriptorsUpTo } from './descriptors.ts'
import { exitOf } from './exit.ts'
import type { Identity } from './identity.ts'
import { memoryOf, processTree, signalEach } from './process-tree.ts'
import type { Walls } from './runner.ts'
import { seccompFilter } from './seccomp.ts'
import { makeTemporary, removeTemporary } from './temporary.ts'

/** A program of our own that is to hold what nobody trusts. */
export type CellProgram = {
  /** The program and its arguments; the program is bound at its own path. */
  readonly argv: readonly [string, ...string[]]
  /** All that it sees besides: files by their paths inside, each a copy. */
  readonly files: Readonly<Record<string, Buffer | string>>
  /** Of processor time, whatever it does: then the kernel ends it. */
  readonly cpuSeconds: number
  /** Processes and threads together. */
  readonly procs: number
}

export type Cell = {
  readonly pid: number | undefined
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Memory of all its processes, bytes. Linux alone. */
  memory(): number
  /** Ends it, at once and for certain. */
  kill(): void
  /** Settles when nothing of it is left; rejects `sandbox-unavailable` where it could not be started. */
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

export type StartCell = (program: CellProgram) => Cell

/** As root, whose processes no limit counts: it joins its control group before the walls go up. */
const joinGroup = 'echo $$ > "$1"; shift; exec "$@"'

/**
 * Starts programs behind walls in which there is nothing but themselves: no folder of anybody's, nothing that can be
 * written, no network, no devices, no other process. They speak over their pipes.
 */
export function createCells(walls: Walls, identity: Identity): StartCell {
  const data = createDataFiles()
  const filter = seccompFilter(walls.architecture, identity.isRoot ? 'both' : 'setuid')
  return ({ argv: [program, ...rest], files, cpuSeconds, procs }) => {
    const fds: number[] = []
    const fd = (content: Buffer | string) => String(firstFd + fds.push(data.open(content)) - 1)
    const group = identity.isRoot ? walls.groups?.create(procs + 3) : undefined
    const ids = identity.isRoot ? 1000 : identity.uid
    // oxfmt-ignore
    const args = [
      '--unshare-user', '--unshare-all', ...(walls.disableUserns ? ['--disable-userns'] : []),
      '--uid', `${ids}`, '--gid', `${identity.isRoot ? 1000 : identity.gid}`, '--cap-drop', 'ALL',
      '--die-with-parent', '--hostname', 'cell', '--clearenv',
      ...['/usr/lib', '/usr/lib32', '/usr/lib64'].flatMap((folder) => ['--ro-bind-try', folder, folder]),
      ...Object.entries(walls.topLevel).filter(([path]) => path.startsWith('/lib'))
        .flatMap(([path, is]) => (is === 'folder' ? ['--ro-bind', path, path] : ['--symlink', is.link, path])),
      '--ro-bind-try', '/etc/ld.so.cache', '/etc/ld.so.cache', '--ro-bind', prlimit, prlimit, '--ro-bind', program, program,
      ...Object.entries(files).flatMap(([path, content]) => ['--ro-bind-data', fd(content), path]),
      '--remount-ro', '/', '--seccomp', fd(filter), '--chdir', '/', '--',
      prlimit, `--nproc=${Math.min(procs, walls.ceilings.procs)}`, '--fsize=0', '--core=0', '--nofile=64', `--cpu=${cpuSeconds}`, '--',
      program, ...rest,
    ]
    const last = firstFd + fds.length - 1
    const handedOn = guardedWithDescriptorsUpTo(last)
    const joined = group ? ['/bin/sh', '-c', joinGroup, 'sh', group.procsFile] : []
    const [file, ...own] = [...handedOn, ...joined, walls.bwrap, ...args] as const
    try {
      const child = spawn(file, own, {
        cwd: '/',
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
        detached: true,
        stdio: ['pipe', 'pipe', 'pipe', ...fds, 'pipe'],
        ...(identity.drop && { uid: identity.uid, gid: identity.gid }),
      })
      return cellOf(
        child,
        () => group?.end(),
        () => endGuarded(child, last),
      )
    } finally {
      closeAll(fds)
    }
  }
}

/** The same without any wall, for `--unsafe-no-sandbox`: the program is then all that holds what it holds. */
export function createUnsafeCells(signal: AbortSignal): StartCell {
  const place = createPlaces(signal).place
  return ({ argv, files }) => {
    const [file, ...args] = [...withDescriptorsUpTo(2), ...place(argv, files)] as const
    return cellOf(spawn(file, args, { cwd: '/', env: {}, detached: true, stdio: ['pipe', 'pipe', 'pipe'] }), () => {})
  }
}

/**
 * Where nothing can be bound: the files of programs lie in a folder among the temporary ones, each written once, until the
 * signal. `place` returns the program's words, as they are there.
 */
export function createPlaces(signal: AbortSignal) {
  const folder = makeTemporary('cell')
  chmodSync(folder, 0o755)
  signal.addEventListener('abort', () => removeTemporary(folder), { once: true })
  const placed = new Set<string>()
  const write = (path: string, content: Buffer | string) => {
    const file = join(folder, path)
    if (!placed.has(file)) {
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, content)
    }
    placed.add(file)
  }
  const place = ([program, ...rest]: CellProgram['argv'], files: CellProgram['files']) => {
    for (const [path, content] of Object.entries(files)) write(path, content)
    return [program, ...rest.map((word) => (Object.hasOwn(files, word) ? join(folder, word) : word))] as const
  }
  return { folder, place }
}

const prlimit = '/usr/bin/prlimit'
const firstFd = 3

/** `stop`: how all of it is ended. */
export function cellOf(
  child: ReturnType<typeof spawn>,
  end: () => void,
  stop = (pid: number) => signalEach([-pid], 'SIGKILL'),
): Cell {
  const { pid } = child
  const [stdin, stdout, stderr] = [child.stdin as Writable, child.stdout as Readable, child.stderr as Readable]
  let over = false
  // What it does not read any more is of no interest.
  stdin.on('error', () => {})
  const kill = () => {
    if (!over && pid !== undefined) stop(pid)
  }
  const exit = exitOf(child)
    .catch((cause: unknown) => {
      throw new TandemError(
        'sandbox-unavailable',
        { reason: `the isolate could not be started: ${messageOf(cause)}` },
        cause,
      )
    })
    .finally(() => {
      over = true
      end()
    })
  exit.catch(() => {}) // told to whoever waits for it
  return {
    pid,
    stdin,
    stdout,
    stderr,
    memory: () => (over || pid === undefined ? 0 : memoryOf(processTree(pid))),
    kill,
    exit,
  }
}
