import { randomBytes } from 'node:crypto'
import type { Clock, Id } from '@tandem/shared'

/** Long enough for a browser that has to start first, ms. */
export const linkLifeMs = 120_000

export type SignInLinks = {
  /** A code that signs one browser in, once, as the key would. */
  make(keyId: Id): { token: string; expiresAt: number }
  /** Which key's code it is; from then on it is nobody's. Undefined where it is unknown, used or too old. */
  redeem(token: string): Id | undefined
}

/**
 * Codes for addresses that others may see, such as a browser's command line, which every user of a machine can read:
 * by the time they read it, it is used up. In memory only: a restart withdraws them all.
 */
export function createSignInLinks(clock: Clock): SignInLinks {
  const linkByToken = new Map<string, { keyId: Id; expiresAt: number }>()
  const forgetOld = () => {
    for (const [token, { expiresAt }] of linkByToken) if (expiresAt <= clock.now()) linkByToken.delete(token)
  }
  return {
    make: (keyId) => {
      forgetOld()
      const token = `tdl_${randomBytes(32).toString('base64url')}`
      const expiresAt = clock.now() + linkLifeMs
      linkByToken.set(token, { keyId, expiresAt })
      return { token, expiresAt }
    },
    redeem: (token) => {
      forgetOld()
      const found = linkByToken.get(token)
      linkByToken.delete(token)
      return found?.keyId
    },
  }
}
