import { setImmediate } from 'node:timers/promises'
import type { Clock } from '@tandem/shared'

/** Time and chance of a simulation: the seed alone decides what happens, and in which order. */
export type World = {
  /** True time, ms, which no clock in it need show. */
  now(): number
  /** Calls after `ms`; what is returned takes that back. */
  after(ms: number, call: () => void): () => void
  /** Goes on to what happens next, and lets everything come to rest that follows from it; false where that lies after `until`. */
  step(until: number): Promise<boolean>
  random(): number
  between(from: number, to: number): number
  pick<T>(list: readonly T[]): T | undefined
}

type Event = { due: number; n: number; call: () => void; off: boolean }

export function createWorld(seed: number): World {
  const heap = createHeap()
  let [now, n, rolled, rolledAt] = [1_000_000_000, 0, 0, 0]
  /** From the moment, so that leaving out one thing changes little of what comes later. */
  const random = () => {
    rolled = rolledAt === now ? rolled + 1 : 0
    rolledAt = now
    return chanceOf(seed, Math.round(now * 1_000) % 2 ** 31, rolled)
  }
  return {
    now: () => now,
    after: (ms, call) => {
      const event: Event = { due: now + Math.max(0, ms), n: n++, call, off: false }
      heap.push(event)
      return () => (event.off = true)
    },
    step: async (until) => {
      for (;;) {
        const event = heap.first()
        if (!event || event.due > until) {
          now = Math.max(now, until)
          return false
        }
        heap.shift()
        if (event.off) continue
        now = event.due
        event.call()
        // All that waits in there are promises: after one turn of the loop none has anything left to do.
        await setImmediate()
        return true
      }
    },
    random,
    between: (from, to) => from + random() * (to - from),
    pick: (list) => list[Math.floor(random() * list.length)],
  }
}

/** A process in that world, which can die and stand still; timers and messages reach it through this alone. */
export type Life = {
  isDead(): boolean
  isPaused(): boolean
  /** How often it has stood still so far. */
  pauses(): number
  /** Calls now, or when it goes on; never where it is dead. */
  run(call: () => void): void
  pause(): void
  /** Goes on with what came meanwhile. */
  resume(): void
  die(): void
  /** Its own clock, which somebody may set; timers follow true time. */
  clock: Clock & { jump(ms: number): void }
}

export function createLife(world: World): Life {
  let [dead, skew, pauses] = [false, 0, 0]
  let late: (() => void)[] | undefined
  const run = (call: () => void) => {
    if (dead) return
    if (late) late.push(call)
    else call()
  }
  return {
    isDead: () => dead,
    isPaused: () => late !== undefined,
    run,
    pauses: () => pauses,
    pause: () => {
      pauses++
      late ??= []
    },
    resume: () => {
      const calls = late ?? []
      late = undefined
      // Each in a turn of its own, as a loop takes them up.
      for (const call of calls) world.after(0, () => run(call))
    },
    die: () => {
      dead = true
      late = undefined
    },
    clock: {
      now: () => Math.round(world.now() + skew),
      after: (ms, call) => world.after(ms, () => run(call)),
      jump: (ms) => (skew += ms),
    },
  }
}

/** In [0, 1), from some numbers. */
function chanceOf(...numbers: number[]): number {
  let hash = 0x9e3779b9
  for (const each of numbers) {
    hash = Math.imul(hash ^ each, 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    hash ^= hash >>> 16
  }
  return (hash >>> 0) / 2 ** 32
}

function createHeap() {
  const events: Event[] = []
  const isBefore = (a: Event, b: Event) => a.due < b.due || (a.due === b.due && a.n < b.n)
  const swap = (i: number, j: number) => {
    const [a, b] = [events[i], events[j]]
    if (a && b) [events[i], events[j]] = [b, a]
  }
  const at = (i: number) => events[i] as Event
  return {
    first: () => events[0],
    push: (event: Event) => {
      events.push(event)
      for (let i = events.length - 1; i > 0 && isBefore(at(i), at((i - 1) >> 1)); i = (i - 1) >> 1)
        swap(i, (i - 1) >> 1)
    },
    shift: () => {
      swap(0, events.length - 1)
      events.pop()
      for (let i = 0; ;) {
        const [left, right] = [2 * i + 1, 2 * i + 2]
        let least = i
        if (left < events.length && isBefore(at(left), at(least))) least = left
        if (right < events.length && isBefore(at(right), at(least))) least = right
        if (least === i) return
        swap(i, least)
        i = least
      }
    },
  }
}
