import { spawn, type ChildProcess } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { processesBelow } from '@tandem/e2e'

/** A program that keeps two folders the same: ours, or one that others use for it. */
export type Peer = {
  name: string
  /** What it does not do, said beside its figures. */
  note?: string
  /** The programs that it needs; where one is missing, the peer is left out. */
  needs: readonly string[]
  /** Between two changes, ms, so that no batching of the last one delays the next. */
  restMs: number
  /** Starts mirroring `near` to `far`; `scratch` is for its own data. Settles when its programs run, not when all is there. */
  start(folders: { near: string; far: string; scratch: string }): Promise<Running>
}

type Running = {
  /** Its processes, with those below them. */
  pids(): number[]
  /** When the near side said that all was shared, where it says so: ms of `performance.now()`. */
  shared?: Promise<number>
  stop(): Promise<void>
}

/** The programs among these that are not installed. */
export const missing = (programs: readonly string[]): string[] =>
  programs.filter(
    (program) => !(process.env.PATH ?? '').split(delimiter).some((dir) => isExecutable(join(dir, program))),
  )

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Runs a program until it is stopped; what it prints is thrown away. */
export function startProgram(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'ignore' })
  // What cannot even start shows in its figures: nothing arrives.
  child.on('error', () => {})
  return { pids: () => treeOf(child), stop: () => end(child) }
}

/** A program and all below it, while it runs. */
export function treeOf({ pid, exitCode, signalCode }: ChildProcess): number[] {
  if (pid === undefined || exitCode !== null || signalCode !== null) return []
  return [pid, ...processesBelow(pid).map((below) => below.pid)]
}

/** Ends a program and what it started; outright where it does not go within three seconds. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const below = processesBelow(child.pid)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 3_000)
  await ended
  clearTimeout(timer)
  for (const { pid } of below) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has gone with its parent.
    }
  }
}

/** CPU time so far of processes and of the children that they waited for, s; and their largest memory together, MB. */
export function costOf(pids: readonly number[]): { cpuSeconds: number; peakMb: number } {
  let [ticks, kib] = [0, 0]
  for (const pid of pids) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      for (const field of fields.slice(11, 15)) ticks += Number(field)
      kib += Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
    } catch {
      // It ended meanwhile.
    }
  }
  return { cpuSeconds: ticks / 100, peakMb: kib / 1024 }
}

/** A port of this machine that nobody has now. */
export const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
