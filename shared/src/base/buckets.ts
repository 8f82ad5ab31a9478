import type { Clock } from './clock.ts'

/** Token buckets, one a key: so many at once, and so many a minute after that. */
export type Buckets = {
  /** Takes one: 0 where there was one, else how long to wait for the next, ms. */
  take(key: string): number
  /** As `take`, and takes nothing. */
  look(key: string): number
  /** How many there are to take now. */
  left(key: string): number
}

type Options = {
  perMinute: number
  /** How many at once; by default those of a minute. */
  burst?: number
  clock: Clock
  /** Beyond so many keys those asked for longest ago are forgotten: the table itself must not grow without end. */
  maxKeys?: number
}

/** Bounds how often something may happen for each key (an address, a principal). Starts full. */
export function createBuckets({ perMinute, burst = perMinute, clock, maxKeys = 10_000 }: Options): Buckets {
  const buckets = new Map<string, { left: number; at: number }>()
  const perMs = perMinute / 60_000
  const now = (key: string): number => {
    const bucket = buckets.get(key)
    // A clock set back gives nothing, and takes nothing away.
    return bucket ? Math.min(burst, bucket.left + Math.max(0, clock.now() - bucket.at) * perMs) : burst
  }
  const waitOf = (left: number) => (left >= 1 ? 0 : Math.ceil((1 - left) / perMs))
  return {
    look: (key) => waitOf(now(key)),
    left: (key) => Math.floor(now(key)),
    take: (key) => {
      const left = now(key)
      // Put last: the map's order is that of use.
      buckets.delete(key)
      buckets.set(key, { left: left >= 1 ? left - 1 : left, at: clock.now() })
      for (const oldest of buckets.keys()) {
        if (buckets.size <= maxKeys) break
        buckets.delete(oldest)
      }
      return waitOf(left)
    },
  }
}
