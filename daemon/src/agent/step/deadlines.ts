import type { Clock } from '@tandem/shared'

/** How long a model may take, in ms: until it says anything, between two things it says, and for all of it. */
export type Deadlines = { readonly firstMs: number; readonly chunkMs: number; readonly stepMs: number }

/** A local server may load its model first; one that thinks says nothing for a while. */
export const defaultDeadlines: Deadlines = { firstMs: 180_000, chunkMs: 120_000, stepMs: 20 * 60_000 }

/** Aborts its signal once a deadline has passed, or when `stop` does; `isLate` tells which of the two. */
export function watchDeadlines({ firstMs, chunkMs, stepMs }: Deadlines, clock: Clock, stop: AbortSignal) {
  const late = new AbortController()
  const strike = () => late.abort(new Error('the model took too long'))
  const cancelWhole = clock.after(stepMs, strike)
  let cancelNext = clock.after(firstMs, strike)
  return {
    // The SDK throws the reason as it is, so it has to be an Error.
    signal: AbortSignal.any([late.signal, stop]),
    isLate: () => late.signal.aborted,
    /** It said something. */
    seen: () => {
      cancelNext()
      cancelNext = clock.after(chunkMs, strike)
    },
    end: () => {
      cancelWhole()
      cancelNext()
    },
  }
}
