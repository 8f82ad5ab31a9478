import { backoffMs, isTandemError, wait, type Clock, type ErrorCode, type Log } from '@tandem/shared'

/** Refusals that pass by themselves: the request is made again. */
const passing = new Set<ErrorCode>([
  'offline',
  'store-failed',
  'disk-full',
  'going-away',
  'rate-limited',
  'unauthorized',
  'token-expired',
])

/** Does a request again and again, with a growing pause, while it fails for want of a connection; to be used where twice is as good as once. */
export const persistently =
  ({ clock, log }: { clock: Clock; log: Log }) =>
  async <T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work()
      } catch (e) {
        signal.throwIfAborted()
        if (isTandemError(e) && !passing.has(e.code)) throw e
        log.debug('request failed', { error: e, attempt })
        await wait(clock, backoffMs(attempt, { baseMs: 100, maxMs: 5_000, fastAttempts: Infinity }), signal)
      }
    }
  }
