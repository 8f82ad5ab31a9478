import { randomBytes } from 'node:crypto'
import type { Clock, Id } from '@tandem/shared'
import type { Account } from './api-keys.ts'

/** Long enough for a browser that has to start first, ms. */
export const linkLifeMs = 120_000

export type SignInLinks = {
  /** A code that signs one browser in, once, in the name of the account. */
  make(account: Account & { keyId: Id }): { token: string; expiresAt: number }
  /** Whose code it is; from then on it is nobody's. Undefined where it is unknown, used or too old. */
  redeem(token: string): (Account & { keyId: Id }) | undefined
}

/**
 * Codes for addresses that others may see, such as a browser's command line, which every user of a machine can read:
 * by the time they read it, it is used up. In memory only: a restart withdraws them all.
 */
export function createSignInLinks(clock: Clock): SignInLinks {
  const accountByToken = new Map<string, Account & { keyId: Id; expiresAt: number }>()
  const forgetOld = () => {
    for (const [token, { expiresAt }] of accountByToken) if (expiresAt <= clock.now()) accountByToken.delete(token)
  }
  return {
    make: (account) => {
      forgetOld()
      const token = `tdl_${randomBytes(32).toString('base64url')}`
      const expiresAt = clock.now() + linkLifeMs
      accountByToken.set(token, { ...account, expiresAt })
      return { token, expiresAt }
    },
    redeem: (token) => {
      forgetOld()
      const found = accountByToken.get(token)
      if (!found) return undefined
      accountByToken.delete(token)
      const { expiresAt: _, ...account } = found
      return account
    },
  }
}
