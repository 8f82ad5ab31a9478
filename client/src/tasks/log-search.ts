import { withoutColour, type Row } from './log-rows.ts'

/** One place where something was found: from which character to which, in the row without its colours. */
export type Hit = { readonly row: number; readonly from: number; readonly to: number }
/** Gives the places in a text, in order and apart. */
export type Finder = (text: string) => readonly (readonly [from: number, to: number])[]

/** More than a person walks through. */
const maxHits = 10_000

/** Finds words, whatever their case. */
export function wordsFinder(words: string): Finder {
  const wanted = words.toLowerCase()
  return (text) => {
    const places: [number, number][] = []
    const lower = text.toLowerCase()
    for (let from = lower.indexOf(wanted); from >= 0; from = lower.indexOf(wanted, from + wanted.length))
      places.push([from, from + wanted.length])
    return places
  }
}

/** Looks for something in a growing output; each row is looked at once. */
export function createSearch(find: Finder) {
  let hits: Hit[] = []
  let seen = 0
  return {
    /** Looks at up to `count` rows more of those before `end`. True while there are some left. */
    advance: (first: number, end: number, rowAt: (n: number) => Row | undefined, count: number): boolean => {
      seen = Math.max(seen, first)
      const until = Math.min(end, seen + count)
      if (hits[0] && hits[0].row < first) hits = hits.filter(({ row }) => row >= first)
      for (; seen < until && hits.length < maxHits; seen++) {
        for (const [from, to] of find(withoutColour(rowAt(seen)?.text ?? ''))) hits.push({ row: seen, from, to })
      }
      return seen < end && hits.length < maxHits
    },
    hits: (): readonly Hit[] => hits,
    /** There are more hits than are kept. */
    isFull: (): boolean => hits.length >= maxHits,
  }
}

/** The first hit at or after a row, as an index; the first of all where there is none. */
export function hitFrom(hits: readonly Hit[], row: number): number {
  const at = hits.findIndex((hit) => hit.row >= row)
  return Math.max(0, at)
}
