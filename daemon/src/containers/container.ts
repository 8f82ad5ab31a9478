import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { TandemError } from '@tandem/shared'
import { exitOf } from '../sandbox/exit.ts'
import type { Cli } from './cli.ts'

export type Container = {
  /** The program that holds it: when that ends, however, so does the container with all in it. */
  readonly pid: number
  isGone(): boolean
  /** Starts a program in it, as a process of this machine's that stands for it. */
  start(argv: readonly string[], options: { cwd: string; env: Readonly<Record<string, string>> }): ChildProcess
  /** Whether nothing runs in it. False where that cannot be known. */
  isEmpty(): Promise<boolean>
  /** Whether the kernel ended something of it for want of memory. */
  ranOutOfMemory(): Promise<boolean>
  /** Ends it with all in it, and leaves nothing of it; settles when that is so. */
  remove(): Promise<void>
}

type StartOptions = {
  readonly name: string
  /** As `createArgs` says. */
  readonly args: readonly string[]
  readonly image: string
  readonly labels: Readonly<Record<string, string>>
}

/** It lives as long as somebody holds its input: where the daemon dies, nobody does. Its first process is a shell alone. */
const first = 'echo ready; while read -r line; do :; done'
/** Of either version of control groups, as it is seen inside. */
const memoryEvents = 'cat /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control 2>/dev/null'
const startMs = 60_000

/** Starts a container that does nothing yet. Throws `sandbox-unavailable`, with what the engine says, where it does not start. */
export async function startContainer(cli: Cli, { name, args, image, labels }: StartOptions): Promise<Container> {
  const labelled = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`])
  const all = ['run', '--rm', '-i', '--name', name, ...labelled, '--stop-timeout', '0', ...args, image, '-c', first]
  // A group of its own: that group's end is the container's.
  const child = spawn(cli.program, all, {
    cwd: '/',
    env: cli.environment,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.on('error', () => {}) // it has ended
  let gone = false
  const ended = exitOf(child).then(
    () => void (gone = true),
    () => void (gone = true),
  )
  let removing: Promise<void> | undefined
  const remove = () =>
    (removing ??= (async () => {
      if (!gone) child.stdin.end()
      await cli.ask('rm', '-f', '-v', name)
      if (!gone && child.pid !== undefined) child.kill('SIGKILL')
      await ended
    })())
  const late = setTimeout(() => void remove(), startMs)
  const errors = tailOf(child.stderr)
  try {
    await Promise.race([readyOn(child.stdout), ended])
  } finally {
    clearTimeout(late)
  }
  if (gone || removing !== undefined || child.pid === undefined) {
    await remove()
    const reason = `the container did not start: ${errors() || `${cli.program} said nothing of why`}`
    throw new TandemError('sandbox-unavailable', { reason })
  }
  return {
    pid: child.pid,
    isGone: () => gone || removing !== undefined,
    start: (argv, { cwd, env }) => {
      const named = Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`])
      const words = ['exec', '-i', '--workdir', cwd, ...named, name, ...argv]
      return spawn(cli.program, words, {
        cwd: '/',
        env: cli.environment,
        detached: true,
        stdio: ['pipe', 'pipe', 'pipe'],
      })
    },
    isEmpty: async () => {
      const { ok, stdout } = await cli.ask('top', name)
      return ok && stdout.trim().split('\n').length === 2 // a headline, and its first process
    },
    ranOutOfMemory: async () => {
      const { stdout } = await cli.ask('exec', name, 'sh', '-c', memoryEvents)
      return /^oom_kill [1-9]/m.test(stdout)
    },
    remove,
  }
}

/** Settles at its first line. What comes later is of no interest. */
const readyOn = (stream: Readable) =>
  new Promise<void>((resolve) => {
    stream.once('data', () => {
      stream.resume()
      resolve()
    })
  })

/** The last words of a stream that nobody else reads. */
function tailOf(stream: Readable): () => string {
  let tail = ''
  stream.setEncoding('utf8').on('data', (text: string) => (tail = `${tail}${text}`.slice(-1_000)))
  return () => tail.trim()
}
