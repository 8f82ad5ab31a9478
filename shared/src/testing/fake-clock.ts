import type { Clock } from '../base/clock.ts'

export type FakeClock = Clock & {
  /** Moves time on, calling what falls due in order. */
  advance(ms: number): void
}

/** A clock that stands still until told otherwise. */
export function fakeClock(start = 0): FakeClock {
  let now = start
  let timers: { due: number; call: () => void }[] = []
  return {
    now: () => now,
    after: (ms, call) => {
      const timer = { due: now + ms, call }
      timers.push(timer)
      return () => {
        timers = timers.filter((t) => t !== timer)
      }
    },
    advance: (ms) => {
      const until = now + ms
      for (;;) {
        const next = timers.filter((t) => t.due <= until).sort((a, b) => a.due - b.due)[0]
        if (!next) break
        timers = timers.filter((t) => t !== next)
        now = next.due
        next.call()
      }
      now = until
    },
  }
}
