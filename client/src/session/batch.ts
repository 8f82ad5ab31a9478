import type { Clock } from '@tandem/shared'
import * as Y from 'yjs'

/** Short enough not to be felt in another tab, long enough to fold a paste or an agent's burst into a few messages. */
const windowMs = 20

/**
 * Sends the first update at once and folds those of the next window into one: a single keystroke waits for nothing,
 * a burst is one message a window. `flush` sends what waits now.
 */
export function createBatch(clock: Clock, send: (update: Uint8Array) => void) {
  let waiting: Uint8Array[] = []
  let cancel: (() => void) | undefined
  const open = () => {
    cancel = clock.after(windowMs, () => {
      cancel = undefined
      if (waiting.length > 0) {
        flush()
        open()
      }
    })
  }
  const flush = () => {
    const [first, ...more] = waiting
    waiting = []
    if (first) send(more.length > 0 ? Y.mergeUpdates([first, ...more]) : first)
  }
  return {
    push: (update: Uint8Array) => {
      waiting.push(update)
      if (cancel) return
      flush()
      open()
    },
    flush,
    /** Forgets what waits: the next handshake carries it. */
    drop: () => {
      waiting = []
    },
  }
}
