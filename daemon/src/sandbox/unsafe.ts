import { spawn } from 'node:child_process'
import type { Duplex, Readable } from 'node:stream'
import type { Command } from './command.ts'
import { withDescriptorsUpTo } from './descriptors.ts'
import { exitOf } from './exit.ts'
import { askToEnd, processTree, signalEach } from './process-tree.ts'
import type { Launched } from './supervise.ts'
import { atTerminal, startAtTerminal } from './terminal.ts'

type LaunchOptions = {
  argv: readonly string[]
  cwd: string
  environment: Readonly<Record<string, string>>
  terminal?: Command['terminal']
  /** Its descriptor is `unsafeChannelFd`. */
  channel?: Command['channel']
}

export const unsafeChannelFd = 3

/** How long output may still come after the command ended: a child it left behind can hold the pipe open for ever. */
const afterglowMs = 250

/**
 * Starts a command without any wall, for `--unsafe-no-sandbox`. It can read, change and send whatever the daemon's
 * user can; ending it reaches its process group and what is below it, not what has left both.
 */
export function launchUnsafely({ argv, cwd, environment, terminal, channel }: LaunchOptions): Launched {
  // Through a shell's exec, so that a program that does not exist fails as it does in the sandbox.
  const [file, ...args] = [
    ...withDescriptorsUpTo(channel ? unsafeChannelFd : 2),
    ...(terminal ? atTerminal : []),
    ...argv,
  ] as const
  const held = terminal && startAtTerminal({ file, args, cwd, env: environment, size: terminal.size })
  const child =
    held?.child ??
    spawn(file, args, {
      cwd,
      env: environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', ...(channel ? (['pipe'] as const) : [])],
    })
  channel?.(child.stdio[unsafeChannelFd] as Duplex)
  if (held) terminal.onOpen(held)
  let over = false
  const first = () => (held ? held.pid() : child.pid)
  const tree = () => {
    const pid = first()
    return over || pid === undefined ? [] : processTree(pid)
  }
  const kill = () => {
    const pid = first()
    // Before the command is known, the terminal's host ends it.
    if (pid === undefined) child.kill('SIGKILL')
    else signalEach([...tree(), -pid], 'SIGKILL')
  }
  const [stdout, stderr] = [child.stdout as Readable, child.stderr as Readable]
  const exit = (held ? Promise.race([exitOf(child), held.failed]) : exitOf(child)).then((result) => {
    over = true
    kill()
    closeWhenSilent(stdout)
    closeWhenSilent(stderr)
    return { ...result, started: true }
  })
  // What is not known yet cannot be asked.
  const terminate = () => (first() === undefined ? kill() : askToEnd(tree(), held !== undefined))
  const top = () => (over ? undefined : first())
  return { pid: child.pid, stdout, stderr, top, terminate, kill, exit }
}

/** Closes a stream once nothing more has come for a while; what has come but is not read yet stays. */
export function closeWhenSilent(stream: Readable): void {
  if (stream.closed) return
  const timer = setInterval(() => {
    if (stream.readableLength === 0) stream.destroy()
  }, afterglowMs)
  stream.once('close', () => clearInterval(timer))
}
