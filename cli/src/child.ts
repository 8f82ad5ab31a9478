import { fork } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Failure } from './say.ts'

/** A child program of ours, and what to do with what it says. */
export type Program = {
  readonly name: 'server' | 'daemon'
  readonly file: string
  /** Asked for at each start. */
  readonly env: () => Readonly<Record<string, string | undefined>>
  readonly onMessage: (message: unknown) => void
  /** A line of its log. */
  readonly onLine: (line: string) => void
}

export type Ended = {
  code: number | null
  signal: NodeJS.Signals | null
  failure: Failure | undefined
  livedMs: number
}

/** From the polite signal to the one that cannot be refused. */
const graceMs = 15_000

/**
 * For glibc: large pieces go back to the system when they are freed, at any time. As it is, it takes the sharing of 10,000
 * files for a reason to keep some 150 MB for good.
 */
const thrifty = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '65536', MALLOC_TRIM_THRESHOLD_: '131072' }

/**
 * A daemon idles most of the time: new objects may pile up to 12 MB, not to 48. A server passes buffers on: where its heap
 * is as small as what lives in it, V8 looks through all of that for every 16 MB of them, half of what an output costs.
 */
const heap: Readonly<Record<Program['name'], string[]>> = {
  daemon: ['--max-semi-space-size=4'],
  server: ['--max-semi-space-size=8', '--initial-old-space-size=64'],
}

/**
 * Runs a child once, to its end. `stop` asks it to end, `force` makes it. It has its own process group, so that Ctrl-C
 * in the terminal reaches us alone, and ends by itself when we are gone (its IPC channel closes).
 */
export function runChild(program: Program, { stop, force }: { stop: AbortSignal; force: AbortSignal }): Promise<Ended> {
  const startedAt = performance.now()
  const child = fork(program.file, [], {
    env: { ...thrifty, ...program.env() },
    execArgv: heap[program.name],
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let failure: Failure | undefined
  let timer: NodeJS.Timeout | undefined
  const end = () => {
    child.kill('SIGTERM')
    timer = setTimeout(kill, graceMs)
  }
  const kill = () => void child.kill('SIGKILL')

  child.on('message', (message) => {
    const failed = Failure.safeParse(message)
    if (failed.success) failure = failed.data
    else program.onMessage(message)
  })
  if (child.stderr) createInterface({ input: child.stderr }).on('line', program.onLine)
  stop.addEventListener('abort', end)
  force.addEventListener('abort', kill)
  if (stop.aborted) end()

  return new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, failure, livedMs: performance.now() - startedAt }))
  }).finally(() => {
    clearTimeout(timer)
    stop.removeEventListener('abort', end)
    force.removeEventListener('abort', kill)
  })
}
