import { randomFrom } from '@tandem/shared/testing'

/** How often each deed is done, where nothing else is said. */
const deeds = {
  create: 40,
  createOffline: 6,
  cancel: 6,
  force: 2,
  cancelMany: 1,
  retry: 4,
  rerun: 2,
  decide: 12,
  wake: 3,
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

export type Weather = {
  more: Partial<Record<Deed, number>>
  /** How long what fails stays so, ms, where it is for long; and how often it is. */
  long: { from: number; to: number; chance: number }
  /** How long commands take, ms, where they take long; and how often they do. */
  commands: { from: number; to: number; chance: number }
  requeue: number
  /** How often what a task asks for beside its command is asked for: keys, dependencies, gates, delays. */
  wishes: number
  /** The longest rest between two deeds, ms. */
  restMs: number
}

const fair: Weather = {
  more: {},
  long: { from: 0, to: 300_000, chance: 0.25 },
  commands: { from: 0, to: 400_000, chance: 0.25 },
  requeue: 0.5,
  wishes: 1,
  restMs: 15_000,
}
/** What is worth finding lies where much of one kind goes wrong: each history has a weather of its own. */
const weathers = {
  fair,
  /** Machines are away for longer than any lease, while their commands go on. */
  nights: {
    ...fair,
    more: {
      create: 60,
      cancel: 5,
      force: 5,
      partition: 12,
      hang: 16,
      sleep: 6,
      killServer: 2,
      failDisk: 0,
      drain: 0,
      cancelMany: 0,
    },
    long: { from: 20_000, to: 420_000, chance: 0.8 },
    commands: { from: 60_000, to: 560_000, chance: 0.7 },
    requeue: 0.85,
    restMs: 60_000,
  },
  /** Whatever runs is killed, and comes back at once. */
  crashes: {
    ...fair,
    more: { killServer: 22, killDaemon: 12, stopDaemon: 6, cut: 16, failDisk: 4, hangServer: 5 },
    long: { from: 0, to: 60_000, chance: 0.1 },
    commands: { from: 0, to: 120_000, chance: 0.6 },
  },
  /** People want everything at once, and then something else. */
  wishes: {
    ...fair,
    more: { create: 70, cancel: 12, force: 4, cancelMany: 1, retry: 14, rerun: 4, decide: 16, cut: 14, partition: 8 },
    commands: { from: 0, to: 100_000, chance: 0.4 },
    wishes: 2.5,
  },
} satisfies Record<string, Weather>

/** What somebody or something does, at that time of the simulation; `dice` decides the rest of it. */
export type Act = { does: Deed; at: number; dice: number }
export type History = { seed: number; weather: keyof typeof weathers; acts: Act[] }

export const weatherOf = ({ weather }: History): Weather => weathers[weather]

/** A history that the seed alone decides. */
export function historyOf(seed: number, length = 60): History {
  const names = Object.keys(weathers) as (keyof typeof weathers)[]
  const weather = names[seed % names.length] ?? 'fair'
  const { more, restMs } = weathers[weather]
  const random = randomFrom(seed)
  const weights = Object.entries({ ...deeds, ...more }) as [Deed, number][]
  const all = weights.flatMap(([deed, weight]) => Array.from({ length: weight }, () => deed))
  let at = 0
  const acts = Array.from({ length }, () => {
    // In bursts, with rests between that are long enough for leases to end.
    at += random() < 0.08 ? random() * 120_000 : random() ** 3 * restMs
    return { does: all[Math.floor(random() * all.length)] as Deed, at: Math.round(at), dice: random() }
  })
  return { seed, weather, acts }
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
