import { systemClock, type Clock } from '@tandem/shared'
import type { LogChunk } from '@tandem/shared/docs'
import { marker, megabyte } from './marker.ts'

export type LiveWindow = {
  /** The next chunks, in order. */
  take(chunks: readonly LogChunk[]): void
  /** Shows what it still held back. */
  end(): void
}

type LiveWindowOptions = {
  /** Where people look on. */
  append: (chunks: readonly LogChunk[]) => void
  clock?: Clock
  /** As many bytes are shown as they come. */
  wholeBytes?: number
  /** So many more in each second that goes by: a program that redraws its screen all day is followed as it writes. */
  refillBytes?: number
  /** Of what follows the newest so many, once a second, and more seldom the more has been shown. */
  followBytes?: number
}

/**
 * What of an output is shown while it comes: up to 10 MB, and 4 KB in each second, at once. Whoever writes more is followed in steps, so
 * that neither the server nor anybody who looks on has to carry what nobody could read: a day of it is some hundred
 * megabytes. What is left out is in the whole log.
 */
export function createLiveWindow({
  append,
  clock = systemClock,
  wholeBytes = 10 * megabyte,
  refillBytes = 4_096,
  followBytes = megabyte / 4,
}: LiveWindowOptions): LiveWindow {
  let shown = 0
  let refilledAt = clock.now()
  let held: LogChunk[] = []
  let heldBytes = 0
  let skipped: { first: LogChunk; bytes: number } | undefined
  let cancelStep: (() => void) | undefined

  const refill = () => {
    const now = clock.now()
    shown = Math.max(0, shown - (refillBytes * Math.max(0, now - refilledAt)) / 1_000)
    refilledAt = now
  }
  const show = (chunks: readonly LogChunk[]) => {
    if (chunks.length === 0) return
    for (const { d } of chunks) shown += d.length
    append(chunks)
  }
  const step = () => {
    cancelStep?.()
    cancelStep = undefined
    const gap = skipped && marker(skipped.first, skipped.bytes, 'not shown while it runs')
    show(gap ? [gap, ...held] : held)
    held = []
    heldBytes = 0
    skipped = undefined
  }
  const hold = (chunk: LogChunk) => {
    held.push(chunk)
    heldBytes += chunk.d.length
    while (heldBytes > followBytes && held.length > 1) {
      const first = held.shift()!
      heldBytes -= first.d.length
      skipped = { first: skipped?.first ?? first, bytes: (skipped?.bytes ?? 0) + first.d.length }
    }
    cancelStep ??= clock.after(1_000 * Math.max(1, shown / wholeBytes), step)
  }

  return {
    take: (chunks) => {
      refill()
      let bytes = shown
      const atOnce = chunks.findIndex(({ d }) => held.length > 0 || (bytes += d.length) > wholeBytes)
      show(atOnce < 0 ? chunks : chunks.slice(0, atOnce))
      if (atOnce >= 0) chunks.slice(atOnce).forEach(hold)
    },
    end: step,
  }
}
