import type { ShellChange } from './ports.ts'

/** One file or folder that is there when a line begins. */
export type Listed = { path: string; kind: 'file' | 'dir'; size: number; exec: boolean; refused?: string }
/** What of a shell goes on from one line to the next. */
export type ShellState = { cwd: string; env: Record<string, string>; functions: Record<string, string> }
export type ShellLimits = {
  wallMs: number
  /** Of stdout and stderr together, bytes. */
  outputBytes: number
  /** Of commands, and of the rounds of one loop. */
  commands: number
  /** How deep functions may call each other. */
  calls: number
  /** Of processes: how deep lines may start lines. */
  spawns: number
  /** Of what is held of files, bytes. */
  fileBytes: number
  /** Of files that one line makes. */
  files: number
  /** What the thread that runs it may hold. */
  memMb: number
}

export type ToShell =
  | { t: 'exec'; line: string; listed: Listed[]; state: ShellState; limits: ShellLimits; programs: readonly string[] }
  | { t: 'read'; n: number; bytes?: Uint8Array; refused?: string }
  | { t: 'ran'; n: number; stdout: string; stderr: string; exitCode: number; listed: Listed[] }

export type Ended = { stdout: string; stderr: string; exitCode: number }
export type FromShell =
  | { t: 'read'; n: number; path: string }
  /** A command that is not the shell's own: what was changed until then comes with it. */
  | {
      t: 'run'
      n: number
      argv: [string, ...string[]]
      cwd: string
      env: Record<string, string>
      changes: ShellChange[]
    }
  /** Nobody waits for that command any more. */
  | { t: 'stop'; n: number }
  | ({ t: 'done'; state: ShellState; changes: ShellChange[] } & Ended)
