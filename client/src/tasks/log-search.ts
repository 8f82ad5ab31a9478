import { withoutColour, type Row } from './log-rows.ts'

/** One place where the words were found: from which character on, in the row without its colours. */
export type Hit = { readonly row: number; readonly from: number }

/** More than a person walks through. */
const maxHits = 10_000

/** Looks for words in a growing output, whatever their case; each row is looked at once. */
export function createSearch(words: string) {
  const wanted = words.toLowerCase()
  let hits: Hit[] = []
  let seen = 0
  return {
    /** How many characters of a hit are marked. */
    length: wanted.length,
    /** Looks at up to `count` rows more of those before `end`. True while there are some left. */
    advance: (first: number, end: number, rowAt: (n: number) => Row | undefined, count: number): boolean => {
      seen = Math.max(seen, first)
      const until = Math.min(end, seen + count)
      if (hits[0] && hits[0].row < first) hits = hits.filter(({ row }) => row >= first)
      for (; seen < until && hits.length < maxHits; seen++) {
        const text = withoutColour(rowAt(seen)?.text ?? '').toLowerCase()
        for (let from = text.indexOf(wanted); from >= 0; from = text.indexOf(wanted, from + wanted.length))
          hits.push({ row: seen, from })
      }
      return seen < end && hits.length < maxHits
    },
    hits: (): readonly Hit[] => hits,
    /** There are more hits than are kept. */
    isFull: (): boolean => hits.length >= maxHits,
  }
}

export type Search = ReturnType<typeof createSearch>

/** The first hit at or after a row, as an index; the first of all where there is none. */
export function hitFrom(hits: readonly Hit[], row: number): number {
  const at = hits.findIndex((hit) => hit.row >= row)
  return Math.max(0, at)
}
