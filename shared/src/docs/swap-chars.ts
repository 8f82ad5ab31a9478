import * as Y from 'yjs'
import { TandemError } from '../base/errors.ts'
import type { Chars, Taken } from '../protocol/review.ts'
import { addRun, putBackFrom, segments, standInsOf, type Segment } from './char-ids.ts'
import { draftDoc } from './draft.ts'
import { createCover, indexIds, type IdIndex } from './id-index.ts'

export type Swap = {
  /** Characters that go, also under whatever stands for them. */
  take: Chars
  /** Deleted characters that come back, each to its own place, unless they are there, or are to go. */
  put: readonly Taken[]
  /** From the first of these characters to the last, per list: all that is shown there goes, but what comes back. */
  clear?: readonly Chars[]
}
export type Swapped = {
  /** Undefined where nothing is to be done. To be applied as what another made. */
  update: Uint8Array | undefined
  /** What went, in its order. */
  taken: Taken
}

/** Characters that are there, and those for which they stand. */
type Going = { id: Y.ID; original: Y.ID; text: string }
/** Where characters were deleted, and what they said. */
type Gap = { id: Y.ID; text: string }

/**
 * The update that takes characters out of a text and puts deleted ones back, without making it. What comes back stands
 * where its original was deleted, not where an offset would be: whatever others wrote there keeps its place beside it. It
 * is made under a client id made of the change: who makes the same change of the same text makes the same update, and
 * Yjs takes it once. Throws `conflict` where the document lacks some of those characters.
 */
export function swapChars(doc: Y.Doc, swap: Swap): Swapped {
  const draft = draftDoc()
  Y.applyUpdate(draft, Y.encodeStateAsUpdate(doc))
  const { going, gaps } = plan(draft, swap)
  const isNothing = going.length === 0 && gaps.length === 0
  const update = isNothing ? undefined : make(draft, going, gaps)
  draft.destroy()
  return { update, taken: takenOf(going) }
}

function plan(draft: Y.Doc, { take, put, clear = [] }: Swap): { going: Going[]; gaps: Gap[] } {
  const inTake = indexIds(take.map(([client, clock, length]) => [client, clock, length, true] as const))
  const coming = put.flatMap(wordsOf)
  for (const [client, clock, length] of coming)
    if (Y.getState(draft.store, client) < clock + length)
      throw new TandemError('conflict', { reason: 'not all of this text is here yet' })
  const inPut = indexIds(coming)
  const text = draft.getText('content')
  const all = [...segments(text, standInsOf(text))]
  const isCleared = between(all, clear)
  const going: Going[] = []
  const gaps: (Gap & { original: Y.ID })[] = []
  // Two people may have put the same back while apart, in different surroundings: it is there twice.
  const [there, missing] = [createCover(), createCover()]
  for (const [n, { id, original, length, shown }] of all.entries())
    for (const part of parts(original, length, inTake, inPut)) {
      const { client } = original
      const isComing = part.words !== undefined && !part.taken
      // Before the first of its tombstones: then what is put back in pieces is in its order, however often.
      const cover = shown ? there : isComing ? missing : undefined
      for (const { clock, length: size, isNew } of cover?.add(client, part.clock, part.length) ?? []) {
        const own = Y.createID(id.client, id.clock + clock - original.clock)
        const was = Y.createID(client, clock)
        const from = clock - original.clock
        if (!shown && isNew) {
          const at = clock - part.clock
          gaps.push({ id: own, original: was, text: part.words?.slice(at, at + size) ?? '' })
        }
        if (shown && (!isNew || (!isComing && (part.taken || isCleared(n)))))
          going.push({ id: own, original: was, text: shown.text.slice(from, from + size) })
      }
    }
  const left = gaps.flatMap(({ id, original, text: words }) =>
    there.pieces(original.client, original.clock, words.length).flatMap(({ clock, length, isNew }) => {
      const from = clock - original.clock
      return isNew ? [{ id: Y.createID(id.client, id.clock + from), text: words.slice(from, from + length) }] : []
    }),
  )
  return { going, gaps: left }
}

/** A segment cut where anything about it changes. */
function* parts({ client, clock: start }: Y.ID, length: number, inTake: IdIndex<true>, inPut: IdIndex<string>) {
  for (const { clock, length: size, hit } of inPut.pieces(client, start, length))
    for (const piece of inTake.pieces(client, clock, size)) {
      const from = hit && hit.offset + piece.clock - clock
      const words = from === undefined ? undefined : hit?.value.slice(from, from + piece.length)
      yield { clock: piece.clock, length: piece.length, taken: piece.hit !== undefined, words }
    }
}

/** Whether the segment of that number lies between the first and the last character of one of the lists. */
function between(all: readonly Segment[], lists: readonly Chars[]): (n: number) => boolean {
  if (lists.length === 0) return () => false
  const marks = indexIds(lists.flatMap((chars, list) => chars.map(([c, k, n]) => [c, k, n, list] as const)))
  const reach = lists.map(() => ({ from: Infinity, to: -1 }))
  for (const [n, { id, length }] of all.entries())
    for (const { hit } of marks.pieces(id.client, id.clock, length)) {
      const list = hit && reach[hit.value]
      if (list) [list.from, list.to] = [Math.min(list.from, n), n]
    }
  return (n) => reach.some(({ from, to }) => from <= n && n <= to)
}

function make(draft: Y.Doc, going: readonly Going[], gaps: readonly Gap[]): Uint8Array {
  const text = draft.getText('content')
  let update = new Uint8Array()
  draft.on('update', (made: Uint8Array) => (update = new Uint8Array(made)))
  draft.transact((transaction) => {
    const { store } = draft
    const exactly = ({ client, clock }: Y.ID, length: number) => {
      Y.getItemCleanStart(transaction, Y.createID(client, clock))
      return Y.getItemCleanEnd(transaction, store, Y.createID(client, clock + length - 1))
    }
    const places = gaps.map(({ id, text: words }) => ({ words, right: exactly(id, words.length) }))
    const client = clientFor(draft, [
      places.map(({ right, words }) => [right.left?.lastId, right.id, words]),
      going.map(({ id, text: words }) => [id, words.length]),
    ])
    for (const { words, right } of places) {
      const { left } = right
      const id = Y.createID(client, Y.getState(store, client))
      const content = new Y.ContentString(words)
      // Before its tombstone, whose id it names for ever: that is how it is known for what it stands.
      new Y.Item(id, left, left && left.lastId, right, right.id, text, null, content).integrate(transaction, 0)
    }
    for (const { id, text: words } of going) exactly(id, words.length).delete(transaction)
  })
  return update
}

/** Made of the change; another one where it was made before, taken back, and is made again. */
function clientFor(draft: Y.Doc, change: unknown): number {
  for (let n = 0; ; n++) {
    const client = putBackFrom + (hash(`${n} ${JSON.stringify(change)}`) % putBackFrom)
    if (!draft.store.clients.has(client)) return client
  }
}

/** A quick hash of 53 bits (cyrb53): told apart are a few changes of one text, not what an enemy makes up. */
function hash(said: string): number {
  let [a, b] = [0xdeadbeef, 0x41c6ce57]
  for (let i = 0; i < said.length; i++) {
    const unit = said.charCodeAt(i)
    a = Math.imul(a ^ unit, 0x9e3779b1)
    b = Math.imul(b ^ unit, 0x5f356495)
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35)
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
  return 2 ** 32 * (b & 0x1fffff) + (a >>> 0)
}

/** Each run of ids with its words. */
function wordsOf({ chars, text }: Taken): [client: number, clock: number, length: number, words: string][] {
  let at = 0
  return chars.map(([client, clock, length]) => {
    at += length
    return [client, clock, length, text.slice(at - length, at)]
  })
}

function takenOf(going: readonly Going[]): Taken {
  const chars: Chars = []
  for (const { original, text } of going) addRun(chars, original.client, original.clock, text.length)
  return { chars, text: going.map(({ text }) => text).join('') }
}
