import type { Clock } from '@tandem/shared'

type Soon = {
  /** Calls `write` in this step where the document was at rest, else a moment later, and of several the last one alone. */
  add(doc: string, write: () => Promise<void>): void
  /** Undefined where nothing waits; else settles as what waits does. */
  pending(doc: string): Promise<void> | undefined
  /** Has it written in this step. */
  flush(doc: string): void
  flushAll(): void
}

type Waiting = { write: () => Promise<void>; done: PromiseWithResolvers<void>; cancelLimit(): void }
type Busy = { cancelRest(): void; waiting?: Waiting | undefined }

/** A document is at rest when nothing has come of it for so long. */
const restMs = 20
/** Nothing waits for longer. */
const limitMs = 500

/**
 * For documents that change many times a second, and of which the newest state alone counts: what comes in quick
 * succession is written together. The first of it is at once, so that nobody waits who changes it only now and then.
 */
export function createSoon(clock: Clock): Soon {
  const busyByDoc = new Map<string, Busy>()

  const flush = (doc: string) => {
    const busy = busyByDoc.get(doc)
    if (!busy?.waiting) return
    const { write, done, cancelLimit } = busy.waiting
    busy.waiting = undefined
    cancelLimit()
    write().then(done.resolve, done.reject)
  }
  const rest = (doc: string) => {
    flush(doc)
    busyByDoc.get(doc)?.cancelRest()
    busyByDoc.delete(doc)
  }
  const wait = (doc: string, write: () => Promise<void>): Waiting => {
    const done = Promise.withResolvers<void>()
    done.promise.catch(() => {}) // Whoever asks for it hears of a failure.
    return { write, done, cancelLimit: clock.after(limitMs, () => flush(doc)) }
  }
  return {
    add: (doc, write) => {
      const busy = busyByDoc.get(doc)
      const cancelRest = clock.after(restMs, () => rest(doc))
      if (!busy) {
        busyByDoc.set(doc, { cancelRest })
        return void write().catch(() => {}) // As above.
      }
      busy.cancelRest()
      busy.cancelRest = cancelRest
      if (busy.waiting) busy.waiting.write = write
      else busy.waiting = wait(doc, write)
    },
    pending: (doc) => busyByDoc.get(doc)?.waiting?.done.promise,
    flush,
    flushAll: () => [...busyByDoc.keys()].forEach(rest),
  }
}
