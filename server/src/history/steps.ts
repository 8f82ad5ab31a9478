import type { Cause, Id } from '@tandem/shared'
import type { TreeChange } from '@tandem/shared/docs'

/** Somebody who is silent for longer has ended a step, ms. */
const pauseMs = 2 * 60_000
/** A step never goes on over a half hour of the clock, however long somebody types. */
const slotMs = 30 * 60_000
/** Nor over a multiple of this in the log: so much is read for one step at most. */
const blockEntries = 50_000

/** One entry of the log that changed a file's text, or files in the index. */
export type Deed = {
  seq: number
  at: number
  /** Where entries were folded into one: the first of them, and how many they were. */
  since: { seq: number; at: number }
  entries: number
  author: Id
  cause?: Cause | undefined
  edited?: Id
  tree?: readonly TreeChange[]
}

/** What one author did without a long pause, for one cause. */
export type Gathered = {
  seq: number
  first: number
  from: number
  to: number
  author: Id
  cause: Cause | undefined
  entries: number
  edited: Set<Id>
  /** The oldest state and the newest of each file whose place in the index changed. */
  tree: Map<Id, TreeChange>
}

/**
 * Whether a deed may belong to a step that begins behind it, if it is of the same hand. It looks at these two alone, so
 * that the past falls into the same steps from wherever one begins to read. What was folded reaches back in the log:
 * as nothing is folded over the end of a step, what stands between is of the same.
 */
const isNearStep = (deed: Deed, { first, from }: Gathered, isCut: Cuts): boolean =>
  deed.seq >= first ||
  (isNear(deed.at, from) &&
    Math.floor(deed.seq / blockEntries) === Math.floor(first / blockEntries) &&
    !isCut(deed.seq, first))

/** Whether two times, ms, in either order, are without a long pause and in one half hour. */
export const isNear = (a: number, b: number): boolean =>
  Math.abs(a - b) <= pauseMs && Math.floor(a / slotMs) === Math.floor(b / slotMs)

/** Whether a version has a name between these two: a step never reaches over it. */
export type Cuts = (older: number, newer: number) => boolean

/** `versions` ascending: those that have a name. */
export function cutsAt(versions: readonly number[]): Cuts {
  return (older, newer) => {
    let [low, high] = [0, versions.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((versions[middle] ?? 0) < older) low = middle + 1
      else high = middle
    }
    return (versions[low] ?? Infinity) < newer
  }
}

/** Gathers deeds, given newest first, into steps. */
export function createGathering(isCut: Cuts) {
  const steps: Gathered[] = []
  /** The oldest step of each hand. */
  const open = new Map<string, Gathered>()
  return {
    /** In order of their newest deeds, newest first. */
    steps: steps as readonly Gathered[],
    add: (deed: Deed) => {
      const hand = handOf(deed)
      const last = open.get(hand)
      const step = last && isNearStep(deed, last, isCut) ? last : start(deed)
      if (step !== last) steps.push(step)
      join(step, deed)
      open.set(hand, step)
    },
    /** Whether nothing at `deed` or before it belongs to a step that is here already. */
    isClosedBefore: (deed: Deed) => {
      for (const [hand, step] of open) {
        if (isNearStep(deed, step, isCut)) return false
        open.delete(hand)
      }
      return true
    },
  }
}

const handOf = ({ author, cause = {} }: Deed) =>
  `${author} ${cause.task ?? ''} ${cause.run ?? ''} ${cause.restoredFrom ?? ''}`

const start = ({ seq, at, since, author, cause }: Deed): Gathered => ({
  seq,
  first: since.seq,
  from: since.at,
  to: at,
  author,
  cause,
  entries: 0,
  edited: new Set(),
  tree: new Map(),
})

function join(step: Gathered, { since, entries, edited, tree = [] }: Deed): void {
  step.first = Math.min(step.first, since.seq)
  step.from = Math.min(step.from, since.at)
  step.entries += entries
  if (edited !== undefined) step.edited.add(edited)
  for (const change of tree) {
    const later = step.tree.get(change.id)
    step.tree.set(
      change.id,
      later ? { ...later, before: change.before, content: later.content || change.content } : change,
    )
  }
}
