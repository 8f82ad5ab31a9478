import type { Duplex } from 'node:stream'
import { TandemError, type TerminalSize } from '@tandem/shared'
import type { Limits } from './limits.ts'
import type { Quarantined } from './quarantine.ts'
import type { TerminalControl } from './terminal.ts'
import type { Egress } from './way-out.ts'

/** A program with its arguments, or a line for the shell. */
export type Program = { readonly argv: readonly [string, ...string[]] } | { readonly shellLine: string }

export type OutputStream = 'stdout' | 'stderr'

export type Command = Program & {
  /** What it is called where something of it is set aside: a name for a folder. */
  readonly id?: string | undefined
  /** Absolute, inside the workspace. */
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Where given, instead of the policy's. */
  readonly limits?: { readonly [K in keyof Limits]?: Limits[K] | undefined } | undefined
  /** Ends the command: politely, then for certain. */
  readonly signal?: AbortSignal | undefined
  /** Ends it for certain, at once. */
  readonly killSignal?: AbortSignal | undefined
  /** At a terminal of its own, where all it writes is `stdout`; else its input is empty. */
  readonly terminal?: { readonly size: TerminalSize; readonly onOpen: (control: TerminalControl) => void } | undefined
  /** Hears of a stream beside its others, to be spoken over both ways: its descriptor is in TANDEM_CHANNEL. Not at a terminal. */
  readonly channel?: ((stream: Duplex) => void) | undefined
  /** What it may reach of the network; nothing where this is not given. */
  readonly egress?: Egress | undefined
  /** False: the command may only look at the workspace. */
  readonly writable?: boolean | undefined
  /** While the returned promise is pending that stream is not read, so that the command waits: back-pressure. */
  readonly onChunk: (stream: OutputStream, bytes: Buffer) => void | Promise<void>
  /** The process whose group ends all of the command when it is killed; what it returns is called once that has ended. */
  readonly onStarted?: ((pid: number) => () => void) | undefined
}

/** Why a command was ended by us. */
export type EndReason = 'timeout' | 'output-limit' | 'memory-limit' | 'process-limit' | 'growth-limit' | 'cancelled'

export type CommandResult = {
  /** Null where a signal ended it, or it never started. */
  readonly exitCode: number | null
  readonly signal?: string
  readonly reason?: EndReason
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly endedAt: number
  /** It failed, and its output looks as if for want of the network. */
  readonly networkBlockedHint: boolean
  /** What it made that programs outside the sandbox would run or obey. */
  readonly quarantined?: Quarantined
}

/** How much the walls hold: `none` only where the owner opted out by name. */
export type Tier = 'full' | 'reduced' | 'none'

export type Runner = {
  readonly tier: Tier
  /**
   * Runs a command to its end; settles when nothing of it is left. A failing command is a result, not an error.
   * Throws TandemError `path-outside-workspace` (cwd) and `sandbox-unavailable` (the walls could not be put up).
   */
  runCommand(command: Command): Promise<CommandResult>
}

/** The argv to execute. A login shell would read files of the home, so it is none. Throws `bad-request` for words that are none. */
export function toArgv(program: Program): readonly string[] {
  const argv = 'argv' in program ? program.argv : ['/bin/bash', '-c', program.shellLine]
  argv.forEach((word) => refuseNul('a word of the command', word))
  return argv
}

/** What is handed to a program ends at a NUL: nobody knows what was meant by more. Throws `bad-request`. */
export function refuseNul(what: string, text: string): void {
  if (text.includes('\0')) throw new TandemError('bad-request', { reason: `${what} has a NUL character in it` })
}
