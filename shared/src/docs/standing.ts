import type * as Y from 'yjs'
import type { EditHunk } from '../protocol/review.ts'
import { lengthOf, segments, standInsOf } from './char-ids.ts'
import { indexIds } from './id-index.ts'

/**
 * How much of a hunk is in its text. `whole`: just as it was made; `changed`: somebody wrote in it, or took some of it;
 * `gone`: nothing of it is left, or it was undone.
 */
export type Standing = {
  state: 'whole' | 'changed' | 'gone'
  /** From where to where its pieces are now, in UTF-16 units; one that only took something away is a point. */
  from: number
  to: number
}

type Seen = { put: number; back: number; first: number; last: number; from: number; to: number }

/** Where the hunks of one text stand. One walk over it, however many they are: some 10 ms for 50,000 pieces of text. */
export function standingOf(text: Y.Text, hunks: ReadonlyMap<string, Pick<EditHunk, 'parts'>>): Map<string, Standing> {
  const partsById = new Map(
    [...hunks].map(([id, { parts }]) => [
      id,
      parts.map((part) => {
        const seen: Seen = { put: 0, back: 0, first: Infinity, last: 0, from: Infinity, to: 0 }
        return { part, seen, putLength: lengthOf(part.new), backLength: lengthOf(part.old) }
      }),
    ]),
  )
  const all = [...partsById.values()].flat()
  const put = indexIds(all.flatMap((each) => each.part.new.map((run) => [...run, each] as const)))
  const old = indexIds(all.flatMap((each) => each.part.old.map((run) => [...run, each] as const)))
  for (const { id, original, length, at, shown } of segments(text, standInsOf(text))) {
    for (const { clock, length: size, hit } of put.pieces(original.client, original.clock, length)) {
      const seen = hit?.value.seen
      if (!seen) continue
      const place = shown ? shown.at + clock - original.clock : at
      seen.from = Math.min(seen.from, place)
      seen.to = Math.max(seen.to, place)
      if (!shown) continue
      seen.put += size
      seen.first = Math.min(seen.first, place)
      seen.last = seen.to = place + size
    }
    for (const { length: size, hit } of old.pieces(
      shown ? original.client : id.client,
      shown ? original.clock : id.clock,
      length,
    )) {
      const seen = hit?.value.seen
      if (!seen) continue
      if (shown) seen.back += size
      seen.from = Math.min(seen.from, at)
      seen.to = Math.max(seen.to, at)
    }
  }
  const out = new Map<string, Standing>()
  for (const [id, own] of partsById) {
    const isWhole = own.every(
      ({ seen, putLength }) =>
        seen.put === putLength && seen.back === 0 && (putLength === 0 || seen.last - seen.first === putLength),
    )
    const isGone = own.every(
      ({ seen, putLength, backLength }) => seen.put === 0 && (putLength > 0 || seen.back === backLength),
    )
    const from = Math.min(...own.map(({ seen }) => seen.from))
    const to = Math.max(...own.map(({ seen }) => seen.to))
    const state = isWhole ? 'whole' : isGone ? 'gone' : 'changed'
    out.set(id, { state, from: from === Infinity ? 0 : from, to: Math.max(to, from === Infinity ? 0 : from) })
  }
  return out
}
