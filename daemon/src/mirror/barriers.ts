import type { Clock, Id } from '@tandem/shared'

type Barrier = {
  resolve: (leftOut: readonly string[]) => void
  reject: (e: Error) => void
  deletions: boolean
  /** `tired`: it has waited long; then for the turn that begins next (`covered`), and for the files at work at its end. */
  stage: 'waiting' | 'tired' | 'covered' | Set<Id>
}

export type Barriers = {
  /**
   * Waits until the mirror is quiet; with `deletions`, until what vanished has been dealt with too. Answers the paths that
   * are left out, for they cannot settle.
   */
  wait(deletions: boolean): Promise<readonly string[]>
  /** The mirror is quiet: lets through who waited for that. */
  reached(nothingVanished: boolean, leftOut: readonly string[]): void
  /** The loop begins to look at everything there is. */
  turnBegins(): void
  /** It has done so; these files are still waiting or at work. */
  turnEnded(pending: Iterable<Id>): void
  /** A file was at work, with whatever outcome. */
  finished(id: Id): void
  /** Lets through who has waited long, and for all that could be done since: that something never rests is not for ever in the way. */
  release(leftOut: () => readonly string[]): void
  /** It will not be: says why. */
  fail(e: Error): void
  /** Whether somebody waits for deletions. */
  inHaste(): boolean
}

/** After this long a barrier no longer waits for all to be quiet at once: something may be written to all the time. */
const patienceMs = 5_000

/** Where tasks wait for the mirror: before they start, and before they are reported done. */
export function createBarriers(clock: Clock, poke: () => void): Barriers {
  let waiting: Barrier[] = []
  const letThrough = (through: readonly Barrier[], leftOut: readonly string[]) => {
    waiting = waiting.filter((each) => !through.includes(each))
    for (const { resolve } of through) resolve(leftOut)
  }
  return {
    wait: (deletions) =>
      new Promise((resolve, reject) => {
        const barrier: Barrier = { resolve, reject, deletions, stage: 'waiting' }
        waiting.push(barrier)
        poke()
        clock.after(patienceMs, () => {
          if (!waiting.includes(barrier)) return
          barrier.stage = 'tired'
          poke()
        })
      }),
    reached: (nothingVanished, leftOut) =>
      letThrough(
        waiting.filter(({ deletions }) => !deletions || nothingVanished),
        leftOut,
      ),
    turnBegins: () => {
      for (const barrier of waiting) if (barrier.stage === 'tired') barrier.stage = 'covered'
    },
    turnEnded: (pending) => {
      const ids = [...pending]
      for (const barrier of waiting) if (barrier.stage === 'covered') barrier.stage = new Set(ids)
    },
    finished: (id) => {
      for (const { stage } of waiting) if (typeof stage === 'object') stage.delete(id)
    },
    release: (leftOut) => {
      const through = waiting.filter(({ stage }) => typeof stage === 'object' && stage.size === 0)
      if (through.length > 0) letThrough(through, leftOut())
    },
    fail: (e) => {
      for (const { reject } of waiting) reject(e)
      waiting = []
    },
    inHaste: () => waiting.some(({ deletions }) => deletions),
  }
}
