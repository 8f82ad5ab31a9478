type Barrier = { resolve: () => void; reject: (e: Error) => void; deletions: boolean }

export type Barriers = {
  /** Waits until the mirror is quiet; with `deletions`, until what vanished has been dealt with too. */
  wait(deletions: boolean): Promise<void>
  /** The mirror is quiet: lets through who waited for that. */
  reached(nothingVanished: boolean): void
  /** It will not be: says why. */
  fail(e: Error): void
  /** Whether somebody waits for deletions. */
  inHaste(): boolean
}

/** Where tasks wait for the mirror: before they start, and before they are reported done. */
export function createBarriers(poke: () => void): Barriers {
  let waiting: Barrier[] = []
  return {
    wait: (deletions) =>
      new Promise<void>((resolve, reject) => {
        waiting.push({ resolve, reject, deletions })
        poke()
      }),
    reached: (nothingVanished) => {
      const through = waiting.filter(({ deletions }) => !deletions || nothingVanished)
      waiting = waiting.filter((each) => !through.includes(each))
      for (const { resolve } of through) resolve()
    },
    fail: (e) => {
      for (const { reject } of waiting) reject(e)
      waiting = []
    },
    inHaste: () => waiting.some(({ deletions }) => deletions),
  }
}
