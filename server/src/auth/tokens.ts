import { randomBytes } from 'node:crypto'
import { Claims, TandemError, type Clock } from '@tandem/shared'
import { SignJWT, errors, jwtVerify } from 'jose'
import { Via } from './account.ts'
import type { AuthTable } from './table.ts'

export type Tokens = {
  /** An access token for sockets [S47] [S48], and when it ends (ms): never after `notAfter`. */
  mint(claims: Claims, via: Via, notAfter?: number): Promise<{ token: string; expiresAt: number }>
  /**
   * What a token says, and which key or session it came from: whether that still stands, `Access` knows. Throws
   * `token-expired`, or `unauthorized` for anything else that is wrong with it.
   */
  verify(token: string): Promise<{ claims: Claims; via: Via; expiresAt: number }>
}

/** Short-lived signed tokens. The secret is made once and kept in the store, so a restart signs nobody out. */
export async function openTokens(table: AuthTable, lifeMs: number, clock: Clock): Promise<Tokens> {
  const stored = await table.read('token-secret')
  const secret = typeof stored === 'string' ? stored : randomBytes(32).toString('hex')
  if (secret !== stored) await table.write('token-secret', secret)
  const key = Buffer.from(secret, 'hex')
  return {
    mint: async (claims, via, notAfter = Infinity) => {
      const expiresAt = Math.min(clock.now() + lifeMs, notAfter)
      // `exp` counts whole seconds; the exact end is ours.
      const token = await new SignJWT({ tandem: claims, via, expiresAt })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuedAt(Math.floor(clock.now() / 1000))
        .setExpirationTime(Math.ceil(expiresAt / 1000))
        .sign(key)
      return { token, expiresAt }
    },
    verify: async (token) => {
      try {
        const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'], currentDate: new Date(clock.now()) })
        const expiresAt = Number(payload['expiresAt'])
        if (!(expiresAt > clock.now()))
          throw new TandemError('token-expired', { reason: 'the access token has expired' })
        return { claims: Claims.parse(payload['tandem']), via: Via.parse(payload['via']), expiresAt }
      } catch (e) {
        if (e instanceof TandemError) throw e
        if (e instanceof errors.JWTExpired)
          throw new TandemError('token-expired', { reason: 'the access token has expired' }, e)
        throw new TandemError('unauthorized', { reason: 'the access token is not valid' }, e)
      }
    },
  }
}
