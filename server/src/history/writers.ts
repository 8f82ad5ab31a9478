import type { Cause, Id } from '@tandem/shared'
import * as Y from 'yjs'
import type { UpdateLog } from '../store/log.ts'
import type { Entry } from '../store/store.ts'

/** With which entry a part of a Yjs client's changes came; `via` where it was passed on by somebody else. */
export type Origin = { seq: number; at: number; author: Id; cause: Cause | undefined; isVia: boolean }
/** Changes with `from <= clock < to`. */
type Part = { from: number; to: number; origin: Origin }

/** Of one document: with which entry each of its changes came. */
export type Writers = {
  /** The entry that brought this change, and up to which clock the changes behind it came with the same. */
  find(client: number, clock: number): { origin: Origin | undefined; to: number }
}

/** So many parts are remembered over all documents. */
const rememberedParts = 1_000_000

type Reading = { upTo: number; parts: Map<number, Part[]>; count: number; done: Promise<unknown> }

/** Reads a document's entries once, and later only what came since. */
export function createWriters(log: Pick<UpdateLog, 'entries'>) {
  /** Newest use last. */
  const readings = new Map<string, Reading>()

  const readOn = async (doc: string, reading: Reading, upTo: number) => {
    if (reading.upTo >= upTo) return
    for await (const entry of log.entries(doc, { after: reading.upTo, upTo })) {
      reading.count += add(reading.parts, entry)
      reading.upTo = entry.seq
    }
    reading.upTo = upTo
  }
  const forgetOldest = () => {
    let parts = 0
    for (const [doc, { count }] of [...readings].toReversed()) {
      parts += count
      if (parts > rememberedParts) readings.delete(doc)
    }
  }
  return {
    /** Who brought the changes of `doc` up to a version. Throws `store-corrupt`. */
    read: async (doc: string, upTo: number): Promise<Writers> => {
      const reading = readings.get(doc) ?? { upTo: 0, parts: new Map(), count: 0, done: Promise.resolve() }
      readings.delete(doc)
      readings.set(doc, reading)
      // One after the other: two who ask at once must not both add the same entries.
      const mine = reading.done.then(() => readOn(doc, reading, upTo))
      reading.done = mine.catch(() => readings.delete(doc))
      await mine
      forgetOldest()
      return { find: (client, clock) => find(reading.parts.get(client) ?? [], clock) }
    },
    /** After thinning, entries are no longer what was read. */
    forget: (doc: string): void => void readings.delete(doc),
  }
}

/** Adds what an entry brought that was not there before; returns how many parts that is. */
function add(parts: Map<number, Part[]>, { update, seq, at, author, cause, note }: Entry): number {
  const via = new Set(Array.isArray(note?.['via']) ? note['via'] : [])
  const { from, to } = Y.parseUpdateMeta(update)
  let count = 0
  for (const [client, start] of from) {
    const known = parts.get(client) ?? []
    parts.set(client, known)
    const end = to.get(client) ?? start
    const origin: Origin = { seq, at, author, cause, isVia: via.has(client) }
    for (const [a, b] of missing(known, start, end)) {
      insert(known, { from: a, to: b, origin })
      count += 1
    }
  }
  return count
}

/** What of `from` to `to` no part covers: a peer may send again what was there. */
function missing(parts: readonly Part[], from: number, to: number): [number, number][] {
  const gaps: [number, number][] = []
  let at = from
  for (let i = firstEndingAfter(parts, from); at < to; i++) {
    const part = parts[i]
    const end = Math.min(part?.from ?? Infinity, to)
    if (at < end) gaps.push([at, end])
    at = Math.max(at, part?.to ?? to)
  }
  return gaps
}

function insert(parts: Part[], part: Part): void {
  const last = parts.at(-1)
  if (!last || last.to <= part.from) parts.push(part)
  else parts.splice(firstEndingAfter(parts, part.from), 0, part)
}

function find(parts: readonly Part[], clock: number): { origin: Origin | undefined; to: number } {
  const part = parts[firstEndingAfter(parts, clock)]
  if (!part) return { origin: undefined, to: Infinity }
  return part.from <= clock ? { origin: part.origin, to: part.to } : { origin: undefined, to: part.from }
}

/** The place of the first part that ends behind `clock`; parts are ascending and do not overlap. */
function firstEndingAfter(parts: readonly Part[], clock: number): number {
  let [low, high] = [0, parts.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((parts[middle]?.to ?? Infinity) <= clock) low = middle + 1
    else high = middle
  }
  return low
}
