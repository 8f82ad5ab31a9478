import { createHash } from 'node:crypto'
import { getConnInfo } from '@hono/node-server/conninfo'
import { TandemError, createBuckets, isTandemError } from '@tandem/shared'
import type { Context, MiddlewareHandler } from 'hono'
import { getCookie } from 'hono/cookie'
import { createAddressOf } from '../sync/address.ts'
import type { Env, HttpDeps } from './deps.ts'
import { bearerOf, cookieName } from './who.ts'

/** The address that a request is counted for, also behind a proxy. */
export function addressFrom({ settings }: Pick<HttpDeps, 'settings'>): (c: Context<Env>) => string {
  const addressOf = createAddressOf(settings)
  return (c) => addressOf({ remote: getConnInfo(c).remote.address, forwardedFor: c.req.header('x-forwarded-for') })
}

/**
 * Bounds the requests of each key, session or token, or of the address of who shows none that we know [S314]; every
 * answer says how many are left, and a refusal when to come again.
 */
export function boundRequests(deps: HttpDeps): MiddlewareHandler<Env> {
  const { settings, workspace, keys, tokens, sessions, clock } = deps
  const perMinute = settings.requestsPerMinute
  const buckets = createBuckets({ perMinute, clock })
  const addressOf = addressFrom(deps)
  /** What the caller shows, where it is one of ours: who makes one up for each request is one all the same. */
  const shownBy = async (c: Context<Env>): Promise<string | undefined> => {
    const secret = bearerOf(c)
    if (secret === undefined) {
      const cookie = getCookie(c, cookieName(workspace.id))
      return cookie !== undefined && sessions.find(cookie) !== undefined ? cookie : undefined
    }
    if (keys.verify(secret) !== undefined) return secret
    return tokens.verify(secret).then(
      () => secret,
      () => undefined, // None of ours, or too old.
    )
  }
  return async (c, next) => {
    const shown = await shownBy(c)
    // A secret is not kept in a table, not even for a minute.
    const key = shown === undefined ? addressOf(c) : createHash('sha256').update(shown).digest('base64url')
    const waitMs = buckets.take(key)
    const left = buckets.left(key)
    c.header('ratelimit-limit', String(perMinute))
    c.header('ratelimit-remaining', String(left))
    c.header('ratelimit-reset', String(Math.ceil(((perMinute - left) / perMinute) * 60)))
    if (waitMs > 0) throw tooOften('too many requests', waitMs, perMinute)
    await next()
  }
}

/**
 * Counts failed sign-ins of each address [S314]: beyond the rate the answer is `rate-limited` in place of
 * `unauthorized`, whatever the key. A right key passes all the same: keys are too long to be guessed, and somebody
 * else's wrong ones must not lock the owner out of their own machine.
 */
export function boundFailedSignIns(deps: HttpDeps): (c: Context<Env>, e: unknown) => unknown {
  const { settings, clock } = deps
  const failures = createBuckets({ perMinute: settings.failedSignInsPerMinute, clock })
  const addressOf = addressFrom(deps)
  return (c, e) => {
    const isSignIn =
      c.req.header('authorization') !== undefined || (c.req.method === 'POST' && c.req.path === '/api/v1/session')
    if (!isTandemError(e, 'unauthorized') || !isSignIn) return e
    const waitMs = failures.take(addressOf(c))
    if (waitMs === 0) return e
    return tooOften('too many failed sign-ins from this address', waitMs, settings.failedSignInsPerMinute)
  }
}

/** `rate-limited`, naming the bound and, in Retry-After, when to come again. */
export const tooOften = (reason: string, retryAfterMs: number, perMinute: number): TandemError =>
  new TandemError('rate-limited', { reason, perMinute, retryAfterMs })
