import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** What one command may use. A megabyte is 1024 * 1024 bytes. */
export const Limits = z.strictObject({
  /** Time until the command is ended, where its task names none (S136). */
  wallMs: z.int().positive().default(30_000),
  /** The most a task may ask for. */
  maxWallMs: z.int().positive().default(86_400_000),
  /** From the polite signal to the one that cannot be refused. */
  graceMs: z.int().nonnegative().default(10_000),
  /** Of the whole process tree. */
  memMb: z.int().positive().default(2_048),
  /** Processes and threads together: one node is a dozen. */
  procs: z.int().positive().default(1_024),
  /** The largest single file it may write. */
  fileMb: z.int().positive().default(256),
  /** Output beyond this ends the command; what is kept of it is the business of `tasks/output.ts`. */
  outputKb: z.int().positive().default(65_536),
  /** What it may add to the folder: files and folders, and the space they take. */
  growthMb: z.int().positive().default(4_096),
  growthFiles: z.int().positive().default(250_000),
  openFiles: z.int().positive().default(4_096),
  /** Size of each private memory file system: /tmp, HOME and /dev/shm. */
  scratchMb: z.int().positive().default(512),
})
export type Limits = Readonly<z.infer<typeof Limits>>

export const defaultLimits: Limits = Limits.parse({})

/** Hard limits this process has itself: asking for more would fail. */
export type Ceilings = { readonly procs: number; readonly fileBytes: number; readonly openFiles: number }

/** Reads the ceilings of this process. Linux alone. */
export function readCeilings(): Ceilings {
  const text = readFileSync('/proc/self/limits', 'utf8')
  const hard = (name: string) => Number(new RegExp(`^${name} +\\S+ +(\\d+)`, 'm').exec(text)?.[1] ?? Infinity)
  return { procs: hard('Max processes'), fileBytes: hard('Max file size'), openFiles: hard('Max open files') }
}

/**
 * The prefix that sets resource limits on a command. It must run *inside* the sandbox: the number of processes is then
 * counted per user namespace, where outside it would be shared by everything the user runs. Linux does not apply it
 * to root at all, which is why root gets a control group or a watchdog besides.
 */
export const limitPrefix = ({ procs, fileMb, openFiles }: Limits, ceilings: Ceilings): string[] => [
  '/usr/bin/prlimit',
  `--nproc=${Math.min(procs, ceilings.procs)}`,
  `--fsize=${Math.min(fileMb * 1_048_576, ceilings.fileBytes)}`,
  '--core=0',
  `--nofile=${Math.min(openFiles, ceilings.openFiles)}`,
  '--',
]
