import { messageOf, wait, type Clock, type Log, type TaskOutput } from '@tandem/shared'
import type { TaskLog } from '@tandem/shared/docs'
import { createLiveWindow } from './live-window.ts'
import { createOutput } from './output.ts'
import type { AttemptSpool } from './spools.ts'

export type AttemptOutput = {
  /** While what it returns is pending no more should come: the disk is behind. */
  write(stream: 'stdout' | 'stderr', bytes: Uint8Array): Promise<void> | undefined
  /** A line of ours among it. */
  note(words: string): void
  /** The command has ended: hands out what is left of it. Words of ours may still follow. */
  end(): void
  /** Brings the whole of it to the server; where that takes too long, what is reported says nothing of where it lies. */
  sealed(signal: AbortSignal): Promise<TaskOutput>
}

type AttemptOutputPorts = {
  live: TaskLog
  spool: AttemptSpool
  clock: Clock
  log: Log
  /** Somebody types at it, and waits for the echo. */
  isTerminal?: boolean
}

/** Long enough for what a key makes a program draw to come together. */
const echoMs = 5

/** A report waits so long for the output to be on the server; after that it is handed in when it can be. */
const sealMs = 30_000
/** Without its segments, more than this is not in the live window's past either. */
const wholeBytes = 10 * 2 ** 20

/** The output of one attempt: as it comes into its live window, and whole onto our disk. */
export function createAttemptOutput({ live, spool, clock, log, isTerminal }: AttemptOutputPorts): AttemptOutput {
  const window = createLiveWindow({ append: live.append, clock })
  const output = createOutput({
    clock,
    ...(isTerminal && { afterRestMs: echoMs }),
    emit: (chunks) => {
      spool.write(chunks)
      window.take(chunks)
    },
  })
  let summary: ReturnType<typeof output.end> | undefined
  const end = () => {
    summary ??= output.end()
    window.end()
    return summary
  }
  return {
    write: (stream, bytes) => {
      output.write(stream, bytes)
      return spool.room()
    },
    note: (words) => {
      output.note(words)
      if (summary) window.end()
    },
    end: () => void end(),
    sealed: async (signal) => {
      const known = end()
      const late = new AbortController()
      let unkept: string | undefined
      const waiting = AbortSignal.any([signal, late.signal])
      try {
        const tooLong = wait(clock, sealMs, waiting).then(() => 'too long' as const)
        const whole = await Promise.race([spool.seal(), tooLong])
        if (whole !== 'too long') return whole
        log.info('task output is on its way still')
      } catch (e) {
        if (!signal.aborted) {
          unkept = messageOf(e).slice(0, 400)
          log.warn('task output is not whole on the server', { reason: unkept })
        }
      } finally {
        late.abort()
      }
      return { ...known, truncated: known.bytes > wholeBytes, ...(unkept === undefined ? {} : { unkept }) }
    },
  }
}
