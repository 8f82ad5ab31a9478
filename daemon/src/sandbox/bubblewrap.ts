import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Duplex, Readable } from 'node:stream'
import { messageOf, TandemError } from '@tandem/shared'
import { z } from 'zod'
import type { Command } from './command.ts'
import { endGuarded, guardedWithDescriptorsUpTo, withDescriptorsUpTo } from './descriptors.ts'
import { exitOf } from './exit.ts'
import type { Identity } from './identity.ts'
import { askToEnd, processTree, signalEach } from './process-tree.ts'
import { statusFd } from './profile.ts'
import type { Launched } from './supervise.ts'
import { startAtTerminal } from './terminal.ts'
import { shellFd, type WaitingShell } from './waiting-shell.ts'

type LaunchOptions = {
  readonly bwrap: string
  readonly args: readonly string[]
  readonly identity: Identity
  /** The child gets these from descriptor 4 on. */
  readonly data: readonly number[]
  /** Where root joins its process group, if it has one. */
  readonly procsFile: string | undefined
  readonly terminal?: Command['terminal']
  /** Comes behind the data. */
  readonly channel?: Command['channel']
  /** Becomes bubblewrap, where there is one: of no use at a terminal, or with a channel. */
  readonly waiting?: WaitingShell | undefined
}

/** `hasBegun`: walls were begun, behind which something may have run since. */
type LaunchedWalls = Launched & { hasBegun(): boolean }

/**
 * As root, before the walls go up: the device nodes become read-only in a mount namespace of our own, for without
 * capabilities root is still their owner and could `chmod 0 /dev/null` for the whole machine; and the process joins
 * its control group, so that everything the command starts is counted.
 */
const rootPrelude = 'set -e; [ -z "$1" ] || echo $$ > "$1"; mount -o bind,ro /dev /dev; shift; exec "$@"'

/** Starts bubblewrap. Its report tells the pid of the sandbox's own init: killing that ends every process in it. */
export function launchBubblewrap(options: LaunchOptions): LaunchedWalls {
  const { bwrap, args, identity, data, procsFile, terminal, channel, waiting } = options
  const further = [...data, ...(channel ? (['pipe'] as const) : [])]
  const last = waiting ? shellFd : statusFd + further.length
  // The terminal's host looks after what it holds.
  const handedOn = terminal ? withDescriptorsUpTo(last) : guardedWithDescriptorsUpTo(last)
  const [file, ...rest]: [string, ...string[]] = identity.isRoot
    ? [
        ...handedOn,
        '/usr/bin/unshare',
        '--mount',
        '--propagation',
        'private',
        '--',
        '/bin/sh',
        '-c',
        rootPrelude,
        'sh',
        procsFile ?? '',
        bwrap,
        ...args,
      ]
    : [...handedOn, bwrap, ...args]
  const common = { cwd: '/', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } }
  const owner = identity.drop ? { uid: identity.uid, gid: identity.gid } : undefined
  const held =
    terminal && startAtTerminal({ ...common, file, args: rest, owner, size: terminal.size, further: ['pipe', ...data] })
  waiting?.become([bwrap, ...args], data)
  const child =
    held?.child ??
    waiting?.child ??
    spawn(file, rest, {
      ...common,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', ...further, 'pipe'],
      ...owner,
    })
  channel?.(child.stdio[last] as Duplex)
  if (held) terminal.onOpen(held)
  const report = readReport(child.stdio[3] as Readable)
  let over = false
  const top = () => (over ? undefined : report.childPid)
  const kill = () => {
    const pid = top()
    if (pid !== undefined) signalEach([pid], 'SIGKILL')
    // Before the init is known.
    else if (!over && !held) endGuarded(child, last)
    // It is of one group with what holds its terminal.
    else if (!over && child.pid !== undefined) signalEach([-child.pid], 'SIGKILL')
  }
  const terminate = () => {
    const pid = top()
    // An init ignores signals it has no handler for, so the processes below it are asked one by one.
    if (pid === undefined) kill()
    else askToEnd(processTree(pid).slice(1), held !== undefined)
  }
  const ended = exitOf(child).catch((cause: unknown) => {
    throw new TandemError(
      'sandbox-unavailable',
      { reason: `bubblewrap could not be started: ${messageOf(cause)}` },
      cause,
    )
  })
  const exit = Promise.all([held ? Promise.race([ended, held.failed]) : ended, report.end]).then(([result]) => {
    over = true
    return { ...result, started: report.exitCodeSeen }
  })
  const [stdout, stderr] = [child.stdout as Readable, child.stderr as Readable]
  const hasBegun = () => report.childPid !== undefined
  return { pid: child.pid, stdout, stderr, top, terminate, kill, exit, hasBegun }
}

const ReportLine = z.object({ 'child-pid': z.int().positive().optional(), 'exit-code': z.int().optional() })

/** bubblewrap reports an exit code only for a command that was really started: without one, it failed to set up. */
function readReport(stream: Readable) {
  const report = { childPid: undefined as number | undefined, exitCodeSeen: false, end: Promise.resolve() }
  const lines = createInterface({ input: stream })
  lines.on('line', (line) => {
    const parsed = ReportLine.safeParse(JSON.parse(line))
    report.childPid ??= parsed.data?.['child-pid']
    report.exitCodeSeen ||= parsed.data?.['exit-code'] !== undefined
  })
  report.end = new Promise((resolve) => lines.once('close', resolve))
  // Whoever waited to become bubblewrap may have been ended: then it cannot be told, and says nothing.
  lines.on('error', () => lines.close())
  return report
}
