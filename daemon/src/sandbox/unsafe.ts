import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { exitOf } from './exit.ts'
import type { Launched } from './supervise.ts'

type LaunchOptions = { argv: readonly string[]; cwd: string; environment: Readonly<Record<string, string>> }

/** How long output may still come after the command ended: a child it left behind can hold the pipe open for ever. */
const afterglowMs = 250

/**
 * Starts a command without any wall, for `--unsafe-no-sandbox`. It can read, change and send whatever the daemon's
 * user can; ending it reaches its process group, not what has left that.
 */
export function launchUnsafely({ argv, cwd, environment }: LaunchOptions): Launched {
  // Through a shell's exec, so that a program that does not exist fails as it does in the sandbox.
  const child = spawn('/bin/sh', ['-c', 'exec "$@"', 'sh', ...argv], {
    cwd,
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let over = false
  const signalGroup = (name: NodeJS.Signals) => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, name)
    } catch {
      // The whole group has ended, which is what was wanted.
    }
  }
  const kill = () => signalGroup('SIGKILL')
  const exit = exitOf(child).then((result) => {
    over = true
    kill()
    closeWhenSilent(child.stdout)
    closeWhenSilent(child.stderr)
    return { ...result, started: true }
  })
  const top = () => (over ? undefined : child.pid)
  const { pid, stdout, stderr } = child
  return { pid, stdout, stderr, top, terminate: () => signalGroup('SIGTERM'), kill, exit }
}

/** Closes a stream once nothing more has come for a while; what has come but is not read yet stays. */
function closeWhenSilent(stream: Readable): void {
  const timer = setInterval(() => {
    if (stream.readableLength === 0) stream.destroy()
  }, afterglowMs)
  stream.once('close', () => clearInterval(timer))
}
