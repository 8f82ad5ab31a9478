import type { Clock } from '@tandem/shared'
import { tell, type Guest } from './hear.ts'

export type Pool = {
  /** A guest that has run nothing yet: the one that waits where there is one. */
  take(): Guest
  /**
   * Puts one ready for the next after so many ms: to start one takes a processor that somebody's answer may be waiting
   * for. `typed`: it is likely to be TypeScript again.
   */
  refill(typed: boolean, afterMs: number): void
}

type PoolOptions = {
  start: () => Guest
  /** What the engine may hold. */
  memMb: number
  clock: Clock
  signal: AbortSignal
}

/** One that nobody needs for so long ends. */
const idleMs = 5 * 60_000

/** Keeps one guest ready, since starting one takes longer than most snippets; each is used once. Ends with the signal. */
export function createPool({ start, memMb, clock, signal }: PoolOptions): Pool {
  let spare: { guest: Guest; cancel(): void } | undefined
  let due: (() => void) | undefined
  const forgetDue = () => {
    due?.()
    due = undefined
  }
  const drop = () => {
    forgetDue()
    spare?.cancel()
    spare?.guest.kill()
    spare = undefined
  }
  signal.addEventListener('abort', drop, { once: true })
  /** Whoever needs the next one is told why there is none. */
  const startQuietly = () => {
    try {
      return start()
    } catch {
      return undefined
    }
  }
  const fill = (typed: boolean) => {
    due = undefined
    const guest = startQuietly()
    if (!guest) return
    const made = { guest, cancel: clock.after(idleMs, drop) }
    spare = made
    // One that ended while it waited is no use to anybody; why is told to the next, who starts another.
    const forget = () => {
      if (spare !== made) return
      made.cancel()
      spare = undefined
    }
    guest.exit.then(forget, forget)
    void tell(guest, { t: 'warm-up', typed, memMb })
  }
  return {
    take: () => {
      // Whoever takes one puts another ready when it is done with it.
      forgetDue()
      const taken = spare?.guest
      spare?.cancel()
      spare = undefined
      return taken ?? start()
    },
    refill: (typed, afterMs) => {
      if (spare || due || signal.aborted) return
      due = clock.after(afterMs, () => fill(typed))
    },
  }
}
