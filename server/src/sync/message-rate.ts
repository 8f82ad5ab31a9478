import type { Clock } from '@tandem/shared'

/** So many seconds' worth of messages may come at once: opening thousands of documents is no attack. */
const burstSeconds = 5
/** Who goes on for so long after being told is sent away, ms. */
const patienceMs = 5_000

/**
 * Bounds the messages of one socket [S313]. Asked at each message: `tell` once when there are too many, so that a
 * client can say what is wrong; `close` when it goes on all the same.
 */
export function createMessageRate(perSecond: number, clock: Clock): () => 'fine' | 'tell' | 'close' {
  const most = perSecond * burstSeconds
  let left = most
  let at = clock.now()
  let toldAt: number | undefined
  return () => {
    const now = clock.now()
    left = Math.min(most, left + (Math.max(0, now - at) * perSecond) / 1_000)
    at = now
    // Two seconds without a word too many, and it starts anew.
    if (left >= 2 * perSecond) toldAt = undefined
    if (left >= 1) left -= 1
    else if (toldAt === undefined) {
      toldAt = now
      return 'tell'
    }
    return toldAt !== undefined && now - toldAt > patienceMs ? 'close' : 'fine'
  }
}
