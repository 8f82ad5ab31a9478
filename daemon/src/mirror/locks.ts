export type Locks = {
  /** Runs alone among all work of this key, after what came before it. */
  run<T>(key: string, work: () => Promise<T>): Promise<T>
  /** Runs alone among all work of each of these keys. All are asked for in one go: two such never wait for each other. */
  runAll<T>(keys: readonly string[], work: () => Promise<T>): Promise<T>
  /** True while work of this key runs or waits. */
  busy(key: string): boolean
}

/** One queue a key. */
export function createLocks(): Locks {
  const tails = new Map<string, Promise<unknown>>()
  const run: Locks['run'] = (key, work) => {
    const before = tails.get(key) ?? Promise.resolve()
    const mine = before.then(work, work)
    tails.set(key, mine)
    const clean = () => {
      if (tails.get(key) === mine) tails.delete(key)
    }
    mine.then(clean, clean)
    return mine
  }
  return {
    run,
    runAll: async (keys, work) => {
      const done = Promise.withResolvers<void>()
      const held = keys.map(
        (key) =>
          new Promise<void>((hold) => {
            void run(key, () => {
              hold()
              return done.promise
            })
          }),
      )
      try {
        await Promise.all(held)
        return await work()
      } finally {
        done.resolve()
      }
    },
    busy: (key) => tails.has(key),
  }
}

/** At most `lanes` at once; the rest wait in order. */
export function createLanes(lanes: number): <T>(work: () => Promise<T>) => Promise<T> {
  let busy = 0
  const waiting: (() => void)[] = []
  return async (work) => {
    if (busy >= lanes) await new Promise<void>((resolve) => waiting.push(resolve))
    else busy++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else busy--
    }
  }
}
