/** What runs side by side and ends as one. */
export type Together = {
  /** Takes in something that has begun. */
  add(work: Promise<unknown>): void
  /** Settles when all have ended well, or rejects as soon as the first fails. */
  all(): Promise<void>
  /** Has all of it stopped and waits until it has, however it ends. */
  stop(): Promise<void>
}

/**
 * Keeps the parts of a session together: whatever ends it, `stop` comes back only when the last part has ended too, so
 * that the next session never begins beside a process or a mirror of the one before. `abort` tells them to.
 */
export function createTogether(abort: () => void): Together {
  const works: Promise<unknown>[] = []
  return {
    add: (work) => {
      // Whoever waits for all hears of it; nobody may be waiting yet.
      work.catch(() => {})
      works.push(work)
    },
    all: async () => {
      await Promise.all(works)
    },
    stop: async () => {
      abort()
      await Promise.allSettled(works)
    },
  }
}
