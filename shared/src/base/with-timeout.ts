import { systemClock, type Clock } from './clock.ts'
import { TandemError } from './errors.ts'

/**
 * What a promise gives, or a rejection `timeout` in words where it takes longer than `ms`. Nothing is ended by it: whoever
 * waits goes on, and what is waited for has to be stopped by other means.
 */
export async function withTimeout<T>(
  promise: Promise<T>,
  ms: number,
  { what = 'it', clock = systemClock }: { what?: string; clock?: Clock } = {},
): Promise<T> {
  let cancel = () => {}
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(ms, () =>
      reject(new TandemError('timeout', { reason: `${what} took longer than ${ms / 1000} s` })),
    )
  })
  // Whoever loses the race may still fail, with nobody to hear it.
  promise.catch(() => {})
  try {
    return await Promise.race([promise, late])
  } finally {
    cancel()
  }
}
