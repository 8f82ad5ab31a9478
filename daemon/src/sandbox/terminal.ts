import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { TandemError, type TerminalSize } from '@tandem/shared'
import { z } from 'zod'

/** What drives a command at a terminal, while it runs. */
export type TerminalControl = {
  /** False where it was not taken: so much is waiting already that nobody reads it. */
  type(bytes: Uint8Array): boolean
  resize(size: TerminalSize): void
}

export type ToTerminalHost =
  | {
      t: 'start'
      file: string
      args: readonly string[]
      cwd: string
      env: Readonly<Record<string, string | undefined>>
      owner?: { uid: number; gid: number } | undefined
      size: TerminalSize
      /** Open files of ours that the command gets too, under the same numbers. */
      data: readonly number[]
    }
  | { t: 'resize'; size: TerminalSize }

const FromTerminalHost = z.discriminatedUnion('t', [
  z.object({ t: z.literal('started'), pid: z.int().positive() }),
  z.object({ t: z.literal('failed'), reason: z.string() }),
])

/** So much may wait to be read by a command before more is refused. */
const maxWaitingBytes = 65_536

const host = fileURLToPath(new URL('terminal-host.ts', import.meta.url))

type StartOptions = Omit<Extract<ToTerminalHost, { t: 'start' }>, 't' | 'data'> & {
  /** For the child, from descriptor 3 on: `pipe`, or a descriptor of ours. */
  readonly further?: readonly ('pipe' | number)[]
}

export type AtTerminal = TerminalControl & {
  /** The host, whose end is the command's, with its exit code; its `stdout` is all that the terminal shows. */
  readonly child: ChildProcess
  /** The command's own pid, once known. */
  pid(): number | undefined
  /** Rejects where there could be no terminal; else never settles. */
  readonly failed: Promise<never>
}

/**
 * Starts a program at a terminal of its own, held by a host process (see there for why). The program must make it its
 * controlling terminal itself: `atTerminal`.
 */
export function startAtTerminal({ further = [], ...order }: StartOptions): AtTerminal {
  const child = spawn(process.execPath, [host], {
    cwd: '/',
    env: {},
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', ...further, 'ipc'],
  })
  let pid: number | undefined
  const { promise: failed, reject } = Promise.withResolvers<never>()
  failed.catch(() => {}) // told to whoever waits
  child.on('message', (raw) => {
    const message = FromTerminalHost.safeParse(raw).data
    if (message?.t === 'started') pid = message.pid
    if (message?.t === 'failed')
      reject(new TandemError('sandbox-unavailable', { reason: `there is no terminal here: ${message.reason}` }))
  })
  const send = (message: ToTerminalHost) => {
    if (child.connected) child.send(message, () => {}) // it ends just now: its exit tells
  }
  // What is typed as it ends finds nobody.
  child.stdin?.on('error', () => {})
  send({ t: 'start', ...order, data: further.map((_, i) => i + 3) })
  return {
    child,
    pid: () => pid,
    failed,
    type: (bytes) => {
      if (!child.stdin?.writable || child.stdin.writableLength + bytes.length > maxWaitingBytes) return false
      child.stdin.write(bytes)
      return true
    },
    resize: (size) => send({ t: 'resize', size }),
  }
}

/** What comes before a command that is to be at the terminal it was given: with it Ctrl-C and job control work. */
export const atTerminal = ['/usr/bin/setsid', '--ctty'] as const
