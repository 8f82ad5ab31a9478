import { TandemError, type Clock, type ExecutionError } from '@tandem/shared'
import { tailOf, type Guest } from './hear.ts'
import { resultOf, talk, type Ran, type TalkOptions } from './talk.ts'

export type RunOptions = TalkOptions & {
  wallMs: number
  /** So much may all processes of the guest hold, bytes. */
  maxMemory: number
  signal: AbortSignal
  clock: Clock
}

type Ended = 'timeout' | 'memory' | 'cancelled'
/** How often its memory is looked at: an allocation can overshoot for as long as that. */
const lookMs = 50

/**
 * Runs one snippet in a guest that has run none, holds it to its limits, and returns when nothing of it is left. Rejects
 * `sandbox-unavailable` where the guest never began.
 */
export async function runGuest(guest: Guest, options: RunOptions): Promise<Ran> {
  const { limits, wallMs, maxMemory, signal, clock } = options
  let ended: Ended | undefined
  const end = (why: Ended) => {
    ended ??= why
    guest.kill()
  }
  const cancelled = () => end('cancelled')
  const late = clock.after(wallMs, () => end('timeout'))
  const watch = setInterval(() => guest.memory() > maxMemory && end('memory'), lookMs)
  const lastWords = tailOf(guest.errors)
  signal.addEventListener('abort', cancelled, { once: true })
  if (signal.aborted) cancelled()
  try {
    const { parting, hasSpoken } = await talk(guest, options)
    guest.kill()
    const { code, signal: by } = await guest.exit
    if (ended !== undefined) return { error: errorFor(ended, wallMs) }
    if ('said' in parting) return resultOf(parting.said)
    if ('forged' in parting) {
      const message = `the isolate said what it must not: ${parting.forged.slice(0, 200)}`
      return { error: { category: 'unknown', message } }
    }
    if (!hasSpoken)
      throw new TandemError('sandbox-unavailable', {
        reason: `the isolate did not start: ${lastWords()}`.slice(0, 500),
      })
    return { error: errorOfExit(by === null ? code : null, lastWords(), limits) }
  } finally {
    late()
    clearInterval(watch)
    signal.removeEventListener('abort', cancelled)
  }
}

function errorFor(ended: Ended, wallMs: number): ExecutionError {
  switch (ended) {
    case 'timeout':
      return { category: 'timeout', message: `it did not end within ${wallMs / 1_000} s` }
    case 'memory':
      return { category: 'memory', message: 'it used more memory than allowed' }
    case 'cancelled':
      return { category: 'cancelled', message: 'it was cancelled' }
    default:
      return ended satisfies never
  }
}

/** Exit codes of a process that a signal ended: SIGXCPU, or SIGKILL by the kernel; and SIGABRT, SIGTRAP, when V8 gives up. */
const [bySpending, byGivingUp] = [
  [152, 137],
  [134, 133],
]

/** It ended without a word: by the kernel, at its limits, or because its engine gave up. */
function errorOfExit(code: number | null, lastWords: string, { cpuMs }: RunOptions['limits']): ExecutionError {
  if (code !== null && bySpending.includes(code))
    return { category: 'timeout', message: `it computed for more than ${cpuMs / 1_000} s` }
  if ((code !== null && byGivingUp.includes(code)) || /out of memory|allocation failed/i.test(lastWords))
    return { category: 'memory', message: 'it used more memory than allowed' }
  return { category: 'unknown', message: `it ended by itself, with code ${code ?? 'none'}` }
}
