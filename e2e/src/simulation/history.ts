import { randomFrom } from '@tandem/shared/testing'

const deeds = {
  create: 40,
  createOffline: 6,
  cancel: 6,
  force: 2,
  cancelMany: 1,
  retry: 4,
  rerun: 2,
  decide: 12,
  drain: 1,
  cut: 8,
  partition: 6,
  killDaemon: 4,
  stopDaemon: 2,
  hang: 6,
  sleep: 2,
  jumpDaemon: 2,
  killServer: 5,
  hangServer: 3,
  jumpServer: 2,
  failDisk: 2,
} as const
export type Deed = keyof typeof deeds

/** What somebody or something does, at that time of the simulation; `dice` decides the rest of it. */
export type Act = { does: Deed; at: number; dice: number }
export type History = { seed: number; acts: Act[] }

/** A history that the seed alone decides. */
export function historyOf(seed: number, length = 60): History {
  const random = randomFrom(seed)
  const all = Object.entries(deeds).flatMap(([deed, weight]) => Array.from({ length: weight }, () => deed as Deed))
  let at = 0
  const acts = Array.from({ length }, () => {
    // In bursts, with rests between that are long enough for leases to end.
    at += random() < 0.08 ? random() * 120_000 : random() ** 3 * 15_000
    return { does: all[Math.floor(random() * all.length)] as Deed, at: Math.round(at), dice: random() }
  })
  return { seed, acts }
}

/** Leaves out acts as long as what is left still goes wrong. */
export async function shrunk(history: History, isWrong: (history: History) => Promise<boolean>): Promise<History> {
  let best = history
  for (let size = best.acts.length >> 1; size >= 1; size >>= 1)
    for (let at = 0; at < best.acts.length;) {
      const tried = { ...best, acts: best.acts.toSpliced(at, size) }
      if (await isWrong(tried)) best = tried
      else at += size
    }
  return best
}
