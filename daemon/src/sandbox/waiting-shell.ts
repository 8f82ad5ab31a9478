import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import process from 'node:process'
import { guardedWithDescriptorsUpTo } from './descriptors.ts'
import type { Identity } from './identity.ts'
import type { ProcessGroups } from './process-group.ts'

/** A shell that has done all that can be done before it is known what it is to run. */
export type WaitingShell = {
  readonly child: ChildProcess
  readonly group: ReturnType<ProcessGroups['create']> | undefined
  /** Becomes this program, which gets these open files of ours from descriptor 4 on. */
  become(argv: readonly string[], data: readonly number[]): void
}

type WaitingShells = {
  /** The one that waits, for so many processes; undefined where there is none. */
  take(procs: number): WaitingShell | undefined
  /** Puts one ready for the next command, a moment later: whoever waits for the end of this one goes first. */
  refill(): void
}

type WaitingOptions = { identity: Identity; groups: ProcessGroups | undefined; signal: AbortSignal }

/** Of its own it has the pipe over which it is told what to become, and where bubblewrap reports then. */
export const shellFd = 3
const restMs = 25

/** Reads how much there is to read, and that; where its daemon is gone, nothing comes, and it ends. */
const becoming = 'read -ru 3 n && read -rN "$n" -u 3 text && eval "$text"'
/** As root, see `rootPrelude`. */
const becomingAsRoot = `set -e; [ -z "$1" ] || echo $$ > "$1"; mount -o bind,ro /dev /dev; ${becoming}`
const shell = ['/bin/bash', '--norc', '-pc'] as const

/**
 * Keeps one shell waiting for the next command, until the signal. To start it takes longer than the walls themselves: a
 * process of a large daemon's is slow to begin, and for root to join a control group takes the kernel 10 ms. None waits
 * for whoever steps down from root, for who it would be could not open what is ours.
 */
export function createWaitingShells({ identity, groups, signal }: WaitingOptions): WaitingShells {
  let waiting: (WaitingShell & { mounts: string }) | undefined
  let due: NodeJS.Timeout | undefined

  const drop = () => {
    const { child, group } = waiting ?? {}
    waiting = undefined
    child?.stdio[shellFd]?.destroy()
    group?.end()
  }
  /** Whoever needs the next one is told why there can be none. */
  const fillQuietly = () => {
    due = undefined
    try {
      fill()
    } catch {
      drop()
    }
  }
  const fill = () => {
    // It needs another to mount.
    const group = identity.isRoot ? groups?.create(2) : undefined
    const own = identity.isRoot
      ? [...['/usr/bin/unshare', '--mount', '--propagation', 'private', '--'], ...shell, becomingAsRoot]
      : [...shell, becoming]
    const [file, ...args] = [...guardedWithDescriptorsUpTo(shellFd), ...own, 'bash', group?.procsFile ?? ''] as const
    const child = spawn(file, args, {
      cwd: '/',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    })
    const pipes = child.stdio.slice(1) as Socket[]
    child.unref()
    for (const pipe of pipes) pipe.unref()
    const told = pipes[shellFd - 1]
    told?.on('error', () => {}) // it ended while it waited
    const become: WaitingShell['become'] = (argv, data) => {
      child.ref()
      for (const pipe of pipes) pipe.ref()
      const files = data.map((fd, i) => `exec ${shellFd + 1 + i}</proc/${process.pid}/fd/${fd}\n`).join('')
      const text = Buffer.from(`${files}exec ${argv.map(quoted).join(' ')}\n`)
      told?.write(`${text.length}\n`)
      told?.write(text)
    }
    const made = { child, group, become, mounts: mounts() }
    waiting = made
    const gone = () => waiting === made && drop()
    child.once('exit', gone)
    child.once('error', gone)
  }
  signal.addEventListener(
    'abort',
    () => {
      clearTimeout(due)
      drop()
    },
    { once: true },
  )
  return {
    take: (procs) => {
      clearTimeout(due)
      due = undefined
      // What root sees of the machine is as it was when that one began.
      if (waiting && identity.isRoot && waiting.mounts !== mounts()) drop()
      const taken = waiting
      waiting = undefined
      taken?.group?.resize(procs)
      return taken
    },
    refill: () => {
      if (waiting || due || signal.aborted || identity.drop) return
      due = setTimeout(fillQuietly, restMs).unref()
    },
  }
}

const mounts = () => readFileSync('/proc/self/mountinfo', 'latin1')
const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`
