import { createHash, randomBytes } from 'node:crypto'
import { Id, Role, type Clock } from '@tandem/shared'
import { z } from 'zod'
import type { Account, AuthTable } from './api-keys.ts'

/** A session ends after this long without use, ms. */
export const sessionLifeMs = 30 * 24 * 3_600_000

const Session = z.object({
  principal: Id,
  name: z.string(),
  role: Role,
  /** The key that opened it: a session never outlives its key. */
  keyId: Id,
  usedAt: z.number(),
})

export type Sessions = {
  /** Opens a session and returns the cookie's value: random, stored only as a hash. */
  open(account: Account & { keyId: Id }): Promise<string>
  /** Whose session it is; using it moves its end. */
  find(cookie: string): Promise<(Account & { keyId: Id }) | undefined>
  close(cookie: string): Promise<void>
}

/** Signed-in browsers [S52]. They survive a restart of the server. */
export function createSessions(table: AuthTable, clock: Clock): Sessions {
  return {
    open: async (account) => {
      const cookie = randomBytes(32).toString('base64url')
      await table.write(keyOf(cookie), { ...account, usedAt: clock.now() })
      return cookie
    },
    find: async (cookie) => {
      const key = keyOf(cookie)
      const session = Session.safeParse(await table.read(key)).data
      if (!session) return undefined
      const { usedAt, ...account } = session
      const idleMs = clock.now() - usedAt
      if (idleMs > sessionLifeMs) {
        await table.write(key, undefined)
        return undefined
      }
      // Once an hour is often enough to know that a month has passed, and spares a disk write for each request.
      if (idleMs > 3_600_000) await table.write(key, { ...session, usedAt: clock.now() })
      return account
    },
    close: (cookie) => table.write(keyOf(cookie), undefined),
  }
}

const keyOf = (cookie: string) => createHash('sha256').update(cookie).digest('hex')
