import type { Id } from '@tandem/shared'

/** An entry that is on disk. */
export type Appended = { seq: number; doc: string; author: Id }
type Waiting = Appended & { bytes: number }

type Deps = {
  /** Called for each entry once it is on disk, in order. */
  landed(entry: Appended, bytes: number): void
}

/**
 * What was appended and is not on disk yet. Entries travel in batches, each with one promise, so that an entry costs
 * no promise of its own.
 */
export function createFlights({ landed }: Deps) {
  type Flight = { done: Promise<void>; docs: Set<string>; seq: number }
  const tails = new Map<string, Promise<void>>()
  let waiting: Waiting[] = []
  let next = 0
  let flight: Flight | undefined

  const land = (upTo: number) => {
    for (let e = waiting[next]; e && e.seq <= upTo; e = waiting[++next]) {
      const { bytes, ...entry } = e
      landed(entry, bytes)
    }
    if (next === waiting.length) {
      waiting = []
      next = 0
    }
  }
  const end = ({ docs, done }: Flight) => {
    for (const doc of docs) if (tails.get(doc) === done) tails.delete(doc)
  }
  const depart = (done: Promise<void>): Flight => {
    const departed: Flight = { done, docs: new Set(), seq: 0 }
    done.then(
      () => {
        end(departed)
        land(departed.seq)
      },
      () => end(departed),
    )
    return departed
  }

  return {
    /** One more entry that is on disk when `done` is. */
    add: (entry: Waiting, done: Promise<void>): void => {
      waiting.push(entry)
      if (flight?.done !== done) flight = depart(done)
      flight.docs.add(entry.doc)
      flight.seq = entry.seq
      tails.set(entry.doc, done)
    },
    /** Undefined where nothing of that document is on its way. */
    tail: (doc: string): Promise<void> | undefined => tails.get(doc),
    /** All up to there is on disk. */
    land,
  }
}
