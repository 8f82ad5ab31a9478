import { spawn } from 'node:child_process'
import type { Duplex, Readable } from 'node:stream'
import { TandemError } from '@tandem/shared'
import type { Command, EndReason } from '../command.ts'
import { exitOf } from '../exit.ts'
import type { Limits } from '../limits.ts'
import { signalEach } from '../process-tree.ts'
import type { Launched } from '../supervise.ts'
import { closeWhenSilent } from '../unsafe.ts'
import { familyOf, listProcesses } from './process-table.ts'

type LaunchOptions = {
  argv: readonly [string, ...string[]]
  /** Where it is started: the helper's folder. */
  folder: string
  channel: Command['channel']
  limits: Pick<Limits, 'memMb' | 'procs'>
  /** Written by the first that runs behind the walls: without it they were not put up. */
  isStarted: () => boolean
}

export const channelFd = 3
/** Nothing in the kernel bounds it for us: it is looked at this often. */
const lookMs = 250

/** Starts a fenced command; what it has started is found by the table of processes. `exceeded` says which limit ended it. */
export function launchFenced({ argv: [file, ...args], folder, channel, limits, isStarted }: LaunchOptions): Launched & {
  exceeded(): EndReason | undefined
} {
  const child = spawn(file, args, {
    cwd: folder,
    env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...(channel ? (['pipe'] as const) : [])],
  })
  channel?.(child.stdio[channelFd] as Duplex)
  const root = child.pid
  const known = new Map<number, string>()
  let exceeded: EndReason | undefined
  /** From when it has ended its number may be another's: then only who was known before counts. */
  let over = false
  let looking = false
  const family = async () => {
    const all = await listProcesses()
    return familyOf(over ? undefined : root, all, known)
  }
  const signalGroup = (name: NodeJS.Signals) => {
    if (root !== undefined && !over) signalEach([-root], name)
  }
  const signal = async (name: NodeJS.Signals) => {
    // At once for the group; what has left it is found first. One that was stopped hears nothing before it goes on.
    signalGroup(name)
    const pids = (await family()).map(({ pid }) => pid)
    for (const each of name === 'SIGKILL' ? [name] : [name, 'SIGCONT' as const]) signalEach(pids, each)
  }
  const look = async () => {
    const all = await family()
    const memoryKb = all.reduce((sum, each) => sum + each.memoryKb, 0)
    if (memoryKb > limits.memMb * 1024) exceeded ??= 'memory-limit'
    else if (all.length > limits.procs) exceeded ??= 'process-limit'
    if (exceeded) await signal('SIGKILL')
  }
  const timer = setInterval(() => {
    if (looking) return
    looking = true
    void look().finally(() => (looking = false))
  }, lookMs)
  const [stdout, stderr] = [child.stdout as Readable, child.stderr as Readable]
  const exit = exitOf(child)
    .catch((cause: unknown) => {
      throw new TandemError('sandbox-unavailable', { reason: 'the fence could not be started' }, cause)
    })
    .then(async (result) => {
      signalGroup('SIGKILL')
      over = true
      // Until nothing of it is left, or what is left cannot be ended.
      for (let tries = 0; tries < 20 && (await family()).length > 0; tries++) await signal('SIGKILL')
      return { ...result, started: isStarted() }
    })
    .finally(() => {
      clearInterval(timer)
      for (const stream of [stdout, stderr]) closeWhenSilent(stream)
    })
  return {
    pid: root,
    stdout,
    stderr,
    top: () => undefined,
    terminate: () => void signal('SIGTERM'),
    kill: () => void signal('SIGKILL'),
    exit,
    exceeded: () => exceeded,
  }
}
