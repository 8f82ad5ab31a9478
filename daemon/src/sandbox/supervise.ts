import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { TandemError } from '@tandem/shared'
import type { Command, CommandResult, EndReason, OutputStream } from './command.ts'
import type { Limits } from './limits.ts'
import { looksBlockedByNetwork } from './network-hint.ts'
import { processTree } from './process-tree.ts'
import { startWatchdog } from './watchdog.ts'

/** A started command, however it was started. */
export type Launched = {
  /** The process we started, the first of its group: all others end with it. Undefined where it could not be started. */
  readonly pid: number | undefined
  readonly stdout: Readable
  readonly stderr: Readable
  /** The topmost process to watch, once known. */
  top(): number | undefined
  /** Asks every process of the command to end. */
  terminate(): void
  /** Ends every process of the command, at once and for certain. */
  kill(): void
  /** Settles when it has ended; `started` is false where the walls could not be put up. Rejects where nothing ran. */
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null; started: boolean }>
}

type SuperviseOptions = {
  readonly limits: Limits
  /** See the watchdog. */
  readonly watchProcesses: boolean
  /** Watches what it adds to the folder, until what is returned is called. */
  readonly watchGrowth?: ((pids: () => readonly number[], onExceeded: () => void) => () => void) | undefined
  readonly command: Pick<Command, 'signal' | 'killSignal' | 'onChunk' | 'onStarted'>
}

const tailBytes = 8_192

/** Holds a running command to its limits, hands its output on, and returns when it is gone and its output is read. */
export async function supervise(
  launched: Launched,
  { limits, watchProcesses, watchGrowth, command }: SuperviseOptions,
): Promise<CommandResult> {
  const startedAt = Date.now()
  const hasEnded = launched.pid === undefined ? undefined : command.onStarted?.(launched.pid)
  let reason: EndReason | undefined
  let received = 0
  let tail = Buffer.alloc(0)
  const timers = new Set<NodeJS.Timeout>()
  const later = (ms: number, act: () => void) => timers.add(setTimeout(act, ms))

  const end = (why: EndReason, { politely }: { politely: boolean }) => {
    if (reason !== undefined) return
    reason = why
    if (!politely || limits.graceMs === 0) return launched.kill()
    launched.terminate()
    later(limits.graceMs, launched.kill)
  }
  const cancel = () => end('cancelled', { politely: true })
  const kill = () => {
    end('cancelled', { politely: false })
    launched.kill() // also where it was asked to end before
  }

  const pump = async (name: OutputStream, stream: Readable) => {
    for await (const bytes of untilClosed(stream)) {
      received += bytes.length
      // Nothing more is handed on beyond the limit: the consumer was promised that it ends there.
      if (received > limits.outputKb * 1024) {
        end('output-limit', { politely: false })
        continue
      }
      tail = Buffer.concat([tail, bytes]).subarray(-tailBytes)
      await command.onChunk(name, bytes)
    }
  }

  const stopWatching = startWatchdog({
    root: launched.top,
    memMb: limits.memMb,
    procs: limits.procs,
    watchProcesses,
    onExceeded: (why) => end(why, { politely: false }),
  })
  // The first is bubblewrap's own init.
  const pids = () => processTree(launched.top() ?? 0).slice(1)
  const stopMeasuring = watchGrowth?.(pids, () => end('growth-limit', { politely: false }))
  later(limits.wallMs, () => end('timeout', { politely: true }))
  if (command.signal?.aborted) cancel()
  command.signal?.addEventListener('abort', cancel, { once: true })
  if (command.killSignal?.aborted) kill()
  command.killSignal?.addEventListener('abort', kill, { once: true })

  // A consumer that throws ends the command; its error is what the caller gets.
  const pumps = Promise.all([pump('stdout', launched.stdout), pump('stderr', launched.stderr)])
  pumps.catch(launched.kill)
  try {
    const { code, signal, started } = await launched.exit.finally(hasEnded)
    const endedAt = Date.now()
    await pumps
    const ended = signal ?? signalOf(code)
    if (!started && reason === undefined) {
      // Something may have run, and what it said is none of the walls' words.
      if (ended !== undefined)
        throw new TandemError('sandbox-unavailable', { reason: `the sandbox was ended from outside by ${ended}` })
      throw new TandemError('sandbox-unavailable', {
        reason: tail.toString('utf8').trim() || 'the sandbox did not start',
      })
    }
    const exitCode = reason === undefined && signal === null ? code : null
    return {
      exitCode,
      ...(ended && { signal: ended }),
      ...(reason && { reason }),
      startedAt,
      endedAt,
      networkBlockedHint:
        (reason === undefined || reason === 'timeout') && looksBlockedByNetwork(code, tail.toString('utf8')),
    }
  } finally {
    stopWatching()
    stopMeasuring?.()
    for (const timer of timers) clearTimeout(timer)
    command.signal?.removeEventListener('abort', cancel)
    command.killSignal?.removeEventListener('abort', kill)
  }
}

/** A shell, and bubblewrap, report a death by signal n as exit code 128 + n. */
const signalOf = (code: number | null): string | undefined =>
  code === null || code <= 128 ? undefined : Object.entries(constants.signals).find(([, n]) => n === code - 128)?.[0]

/** A stream that is closed from our side, because a left-over process holds it open, has simply ended. */
async function* untilClosed(stream: Readable): AsyncGenerator<Buffer> {
  try {
    yield* stream as AsyncIterable<Buffer>
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw e
  }
}
