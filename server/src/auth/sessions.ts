import { randomBytes } from 'node:crypto'
import { Id, createId, type Clock, type SessionInfo } from '@tandem/shared'
import { z } from 'zod'
import { hashOf } from './secrets.ts'
import { openCached, type AuthTable } from './table.ts'

/** A session ends after this long without use, ms. */
export const sessionLifeMs = 30 * 24 * 3_600_000

/** Of one account: a script that signs in again and again ends its own oldest. */
const maxSessions = 100

const Session = z.object({
  id: z.string().optional(),
  principal: Id,
  /** The key that opened it: a session never outlives its key, and may do no more. */
  keyId: Id.optional(),
  createdAt: z.number().optional(),
  usedAt: z.number(),
  browser: z.string().default(''),
})

/** Whose session it is. */
export type SessionOwner = { principal: Id; keyId?: Id | undefined }

export type Sessions = {
  /**
   * Opens a session and returns the cookie's value: random, stored only as a hash. The cookie that the browser had is
   * never taken over: it works no more. Where it was the same account's, the new one goes on with its session.
   */
  open(owner: SessionOwner, from: { browser: string; cookie?: string | undefined }): Promise<string>
  /** The session of a cookie; using it moves its end. */
  find(cookie: string): string | undefined
  get(id: string): SessionOwner | undefined
  list(principal: Id): readonly Omit<SessionInfo, 'current'>[]
  close(id: string): Promise<void>
  onChange(listen: () => void): void
}

/** Signed-in browsers [S52]. They survive a restart of the server. */
export async function openSessions(table: AuthTable, clock: Clock): Promise<Sessions> {
  const sessions = await openCached(table, Session)
  // Those of before had no id of their own: a piece of the hash tells nothing of the cookie either.
  const idOf = (key: string) => sessions.get(key)?.id ?? key.slice(0, 26)
  const keyById = new Map(sessions.entries().map(([key]) => [idOf(key), key]))
  const drop = (key: string): Promise<void> => {
    keyById.delete(idOf(key))
    return sessions.remove(key)
  }
  const live = (key: string | undefined) => {
    const session = key === undefined ? undefined : sessions.get(key)
    return session && clock.now() - session.usedAt <= sessionLifeMs ? session : undefined
  }
  /** Those that have ended, and of this account those beyond the bound that were not used for longest. */
  const forgetOld = (principal: Id) => {
    const mine = sessions.entries().filter(([, session]) => session.principal === principal)
    const byUse = mine.toSorted(([, a], [, b]) => b.usedAt - a.usedAt)
    const beyond = new Set(byUse.slice(maxSessions).map(([key]) => key))
    return sessions.entries().flatMap(([key]) => (live(key) && !beyond.has(key) ? [] : [drop(key)]))
  }

  return {
    open: async ({ principal, keyId }, { browser, cookie }) => {
      const oldKey = cookie === undefined ? undefined : hashOf(cookie)
      const old = live(oldKey)
      const isSame = old?.principal === principal && old.keyId === keyId
      const id = oldKey !== undefined && isSame ? idOf(oldKey) : createId()
      const now = clock.now()
      const fresh = randomBytes(32).toString('base64url')
      const key = hashOf(fresh)
      keyById.set(id, key)
      const createdAt = (isSame && old.createdAt) || now
      const opened = sessions.set(key, { id, principal, ...(keyId && { keyId }), createdAt, usedAt: now, browser })
      // The new one stands already: nothing that hangs on the session ends in between.
      const closed = old && oldKey !== undefined ? (isSame ? sessions.remove(oldKey) : drop(oldKey)) : undefined
      await Promise.all([opened, closed, ...forgetOld(principal)])
      return fresh
    },
    find: (cookie) => {
      const key = hashOf(cookie)
      const session = live(key)
      if (!session) return undefined
      const id = idOf(key)
      // Once an hour is often enough to know that a month has passed, and spares a disk write for each request.
      if (clock.now() - session.usedAt > 3_600_000)
        sessions.set(key, { ...session, id, usedAt: clock.now() }).catch(() => {}) // written once the store works again
      return id
    },
    get: (id) => live(keyById.get(id)),
    list: (principal) =>
      sessions.entries().flatMap(([key, { usedAt, createdAt = usedAt, browser, principal: whose }]) => {
        const isListed = whose === principal && live(key) !== undefined
        return isListed ? [{ id: idOf(key), createdAt, usedAt, browser }] : []
      }),
    close: async (id) => {
      const key = keyById.get(id)
      if (key !== undefined) await drop(key)
    },
    onChange: sessions.onChange,
  }
}
