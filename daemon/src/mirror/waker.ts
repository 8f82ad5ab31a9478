import type { Clock } from '@tandem/shared'

/** A loop's alarm: pokes that come while it works are folded into one. */
export type Waker = {
  poke(): void
  pokeAfter(ms: number): void
  /** Resolves at the next poke, at once where one came since the last time; also when the signal aborts. */
  next(): Promise<void>
  /** Resolves after `ms`, or when the signal aborts. */
  pause(ms: number): Promise<void>
}

export function createWaker(clock: Clock, signal: AbortSignal): Waker {
  let woken = false
  // Several may wait at once: two batches at work, each for room.
  const waiting = new Set<() => void>()
  const poke = () => {
    woken = true
    for (const wake of waiting) wake()
    waiting.clear()
  }
  signal.addEventListener('abort', poke, { once: true })
  return {
    poke,
    pokeAfter: (ms) => void clock.after(ms, poke),
    next: async () => {
      if (!woken && !signal.aborted) await new Promise<void>((resolve) => waiting.add(resolve))
      woken = false
    },
    pause: (ms) =>
      new Promise((resolve) => {
        const done = () => {
          cancel()
          signal.removeEventListener('abort', done)
          resolve()
        }
        const cancel = clock.after(ms, done)
        signal.addEventListener('abort', done, { once: true })
        if (signal.aborted) done()
      }),
  }
}
