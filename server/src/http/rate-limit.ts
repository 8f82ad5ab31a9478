import { getConnInfo } from '@hono/node-server/conninfo'
import { TandemError, createBuckets, isTandemError } from '@tandem/shared'
import type { Context } from 'hono'
import type { Env, HttpDeps } from './deps.ts'

/**
 * Counts failed sign-ins of each address [S314]: beyond the rate the answer is `rate-limited` in place of
 * `unauthorized`, whatever the key. A right key passes all the same: keys are too long to be guessed, and somebody
 * else's wrong ones must not lock the owner out of their own machine.
 */
export function boundFailedSignIns({ settings, clock }: HttpDeps): (c: Context<Env>, e: unknown) => unknown {
  const failures = createBuckets({ perMinute: settings.failedSignInsPerMinute, clock })
  return (c, e) => {
    const isSignIn =
      c.req.header('authorization') !== undefined || (c.req.method === 'POST' && c.req.path === '/api/v1/session')
    if (!isTandemError(e, 'unauthorized') || !isSignIn) return e
    const waitMs = failures.take(getConnInfo(c).remote.address ?? '')
    if (waitMs === 0) return e
    return tooOften('too many failed sign-ins from this address', waitMs, settings.failedSignInsPerMinute)
  }
}

/** `rate-limited`, naming the bound and, in Retry-After, when to come again. */
export const tooOften = (reason: string, retryAfterMs: number, perMinute: number): TandemError =>
  new TandemError('rate-limited', { reason, perMinute, retryAfterMs })
