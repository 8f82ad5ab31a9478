import { createBuckets } from '@tandem/shared'
import type { Context } from 'hono'
import type { Env, HttpDeps } from './deps.ts'
import { addressFrom, tooOften } from './rate-limit.ts'

/** Bounds how often somebody may be wrong about a code. */
export type Guesses = {
  /** Throws `rate-limited` where this address, or this member, was wrong too often: then nothing is tried at all. */
  check(c: Context<Env>): void
  /** Notes a wrong one. */
  wrong(c: Context<Env>): void
}

/** Codes that people type are short: what keeps them from being guessed is that few can be tried. */
export function createGuesses({ settings, clock }: Pick<HttpDeps, 'settings' | 'clock'>): Guesses {
  const addressOf = addressFrom({ settings })
  const perMinute = settings.failedSignInsPerMinute
  const wrong = createBuckets({ perMinute, clock })
  const keysOf = (c: Context<Env>) => [addressOf(c), ...(c.var.caller ? [c.var.caller.principal] : [])]
  return {
    check: (c) => {
      const waitMs = Math.max(...keysOf(c).map((key) => wrong.look(key)))
      if (waitMs > 0) throw tooOften('too many wrong codes', waitMs, perMinute)
    },
    wrong: (c) => keysOf(c).forEach((key) => wrong.take(key)),
  }
}
