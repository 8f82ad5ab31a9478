import { Id, createId, type Clock } from '@tandem/shared'
import { z } from 'zod'
import { openCached, type AuthTable } from './table.ts'

const User = z.object({
  id: Id,
  name: z.string(),
  createdAt: z.number(),
  /** Who this is at the provider of a sign-in by OpenID Connect. */
  identity: z.object({ issuer: z.string(), subject: z.string() }).optional(),
})
export type User = z.infer<typeof User>

export type Users = {
  get(id: Id): User | undefined
  byIdentity(identity: NonNullable<User['identity']>): User | undefined
  /** Makes one; `id` only where it is known already, as the owner's. */
  make(user: Pick<User, 'name' | 'identity'> & { id?: Id }): Promise<User>
  rename(id: Id, name: string): Promise<void>
}

/** People, whether members or not: who was removed still has a name on what they wrote. */
export async function openUsers(table: AuthTable, clock: Clock): Promise<Users> {
  const users = await openCached(table, User)
  return {
    get: users.get,
    byIdentity: ({ issuer, subject }) =>
      users.entries().find(([, { identity: i }]) => i?.issuer === issuer && i.subject === subject)?.[1],
    make: async ({ id = createId(), ...facts }) => {
      const user: User = { id, createdAt: clock.now(), ...facts }
      await users.set(id, user)
      return user
    },
    rename: async (id, name) => {
      const user = users.get(id)
      if (user && user.name !== name) await users.set(id, { ...user, name })
    },
  }
}
