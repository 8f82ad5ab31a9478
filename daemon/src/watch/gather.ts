/** What is told at once: paths at which to look, or that there are too many of them to be worth looking at singly. */
export type Told = { storm: boolean; paths: string[] }

type Gather = {
  add(path: string): void
  /** Whoever was told is free for more. */
  free(): void
}

type GatherOptions = { tell: (told: Told) => void; now: () => number; after: (ms: number, call: () => void) => void }

/** More than so many in so long, or waiting, is a storm: a branch switch, an installation, a build. */
const [stormHints, windowMs] = [500, 100]
/** While it lasts, that it does is told so often. */
const stormMs = 50

/**
 * Gathers hints while whoever listens is busy: one message is under way at a time, so that nothing piles up however long
 * that takes, and each path is named once. In a storm no path is named any more.
 */
export function createGather({ tell, now, after }: GatherOptions): Gather {
  const paths = new Set<string>()
  let isFree = true
  let storm = false
  let isPausing = false
  let [since, count] = [0, 0]
  const send = () => {
    if (!isFree || isPausing || (!storm && paths.size === 0)) return
    isFree = false
    const told = { storm, paths: storm ? [] : [...paths] }
    paths.clear()
    if (storm) {
      isPausing = true
      after(stormMs, () => {
        isPausing = false
        send()
      })
    }
    storm = false
    tell(told)
  }
  return {
    add: (path) => {
      if (now() - since > windowMs) [since, count] = [now(), 0]
      count++
      if (count > stormHints || paths.size >= stormHints) storm = true
      if (!storm) paths.add(path)
      send()
    },
    free: () => {
      isFree = true
      send()
    },
  }
}
