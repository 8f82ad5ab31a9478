import * as Y from 'yjs'
import type { Chars } from '../protocol/review.ts'
import { indexIds, type IdIndex } from './id-index.ts'

/** How many characters these are. */
export const lengthOf = (chars: Chars): number => chars.reduce((sum, [, , length]) => sum + length, 0)

/** Adds a run to a list, joined to the last one where it goes on from there. */
export function addRun(chars: Chars, client: number, clock: number, length: number): void {
  const last = chars.at(-1)
  if (last && last[0] === client && last[1] + last[2] === clock) last[2] += length
  else chars.push([client, clock, length])
}

/** For each of these ranges of a text (ascending, in UTF-16 units) the ids of its characters. */
export function charsIn(text: Y.Text, ranges: readonly { at: number; length: number }[]): Chars[] {
  const out: Chars[] = ranges.map(() => [])
  let [index, first] = [0, 0]
  for (let item = text._start; item && first < ranges.length; item = item.right) {
    if (item.deleted || !item.countable) continue
    for (let i = first; i < ranges.length; i++) {
      const { at, length } = ranges[i] ?? { at: 0, length: 0 }
      if (at >= index + item.length) break
      const [from, to] = [Math.max(at, index), Math.min(at + length, index + item.length)]
      if (from < to) addRun(out[i] ?? [], item.id.client, item.id.clock + from - index, to - from)
    }
    index += item.length
    for (let range = ranges[first]; range && range.at + range.length <= index; range = ranges[++first]);
  }
  return out
}

/** A part of a text as Yjs keeps it, also of what is deleted; `original` is the id that it has, or for which it stands. */
export type Segment = {
  id: Y.ID
  length: number
  original: Y.ID
  /** Where it is, and what it says; undefined where it is deleted. */
  shown: { at: number; text: string } | undefined
  /** Where it is, or would be. */
  at: number
}

/** All of a text in its order. */
export function* segments(text: Y.Text, standIns: StandIns): Generator<Segment> {
  let at = 0
  for (let item = text._start; item; item = item.right) {
    if (!item.countable && !item.deleted) continue
    const { client, clock } = item.id
    const said = item.content instanceof Y.ContentString ? item.content.str : undefined
    for (const { clock: from, length, hit } of standIns.pieces(client, clock, item.length)) {
      const original = hit ? Y.createID(hit.value[0], hit.value[1] + hit.offset) : Y.createID(client, from)
      const words = said === undefined ? '\ufffc'.repeat(length) : said.slice(from - clock, from - clock + length)
      yield {
        id: Y.createID(client, from),
        length,
        original,
        at,
        shown: item.deleted ? undefined : { at, text: words },
      }
      if (!item.deleted) at += length
    }
  }
}

/**
 * What is put back is written under ids from 2^51 up to 2^52: none that Yjs draws is there, and what equal imports are
 * given is higher. A character of those stands for the one before whose tombstone it was put.
 */
export const putBackFrom = 2 ** 51
export type StandIns = IdIndex<readonly [client: number, clock: number]>

/** Which characters of a text stand for which: the document alone tells, so that whoever has the text knows it. */
export function standInsOf(text: Y.Text): StandIns {
  type Entry = readonly [client: number, clock: number, length: number, value: readonly [number, number]]
  const entries: Entry[] = []
  const nextBy = new Map<string, readonly [number, number]>()
  for (let item = text._start; item; item = item.right) {
    const { id, origin, rightOrigin, length } = item
    if (!isPutBack(id.client) || !rightOrigin) continue
    // Yjs cuts a piece where somebody writes in it: the rest goes on where the piece before it ended.
    const isRest = origin?.client === id.client && origin.clock === id.clock - 1
    const before = isRest ? nextBy.get(`${id.client} ${id.clock}`) : ([rightOrigin.client, rightOrigin.clock] as const)
    if (!before) continue
    entries.push([id.client, id.clock, length, before])
    nextBy.set(`${id.client} ${id.clock + length}`, [before[0], before[1] + length])
  }
  // What was put back twice stands before what was put back once.
  const direct = indexIds(entries)
  const original = ([client, clock, length, [c, k]]: Entry, depth: number): Entry[] =>
    !isPutBack(c) || depth > maxDepth
      ? [[client, clock, length, [c, k]]]
      : direct.pieces(c, k, length).flatMap((piece): Entry[] => {
          if (!piece.hit) return []
          const { value, offset } = piece.hit
          const next: Entry = [client, clock + piece.clock - k, piece.length, [value[0], value[1] + offset]]
          return original(next, depth + 1)
        })
  return indexIds(entries.flatMap((entry) => original(entry, 0)))
}

const isPutBack = (client: number) => client >= putBackFrom && client < 2 * putBackFrom
/** As often as anybody changes their mind; a document made up by an enemy might go round in circles. */
const maxDepth = 1_000

/** The characters that these are, or stand for. */
export function originals(chars: Chars, standIns: StandIns): Chars {
  const out: Chars = []
  for (const [client, clock, length] of chars)
    for (const piece of standIns.pieces(client, clock, length)) {
      const { value, offset } = piece.hit ?? { value: [client, piece.clock] as const, offset: 0 }
      addRun(out, value[0], value[1] + offset, piece.length)
    }
  return out
}
