import { randomBytes } from 'node:crypto'
import { Id, InviteInfo, createId, type Clock, type NewInvite } from '@tandem/shared'
import type { z } from 'zod'
import { SecretHash, hashOf, isSameHash } from './secrets.ts'
import { openCached, type AuthTable } from './table.ts'

/** Links that are over are remembered for so long, ms: whoever opens one is told so, and whom to ask. */
const rememberMs = 30 * 24 * 3_600_000

const Invite = InviteInfo.extend({ hash: SecretHash })

export type Invites = {
  /** `token` (`tdi_…`) is told here once; only its hash is kept. */
  make(asked: z.infer<typeof NewInvite> & { by: Id }): Promise<{ token: string; invite: InviteInfo }>
  /** Those that still can be taken. */
  list(): readonly InviteInfo[]
  /** The invite of a link and whether it can be taken; undefined where there is none, or it was withdrawn. */
  find(token: string): { invite: InviteInfo; state: 'open' | 'expired' | 'used' } | undefined
  /** Takes one use, in this very step: of two that come for the last one, one gets it. */
  use(id: Id): Promise<void>
  remove(id: Id): Promise<void>
}

const pattern = /^tdi_([0-9A-HJKMNP-TV-Z]{26})_[\w-]{43}$/

/** Links that make whoever opens them a member. */
export async function openInvites(table: AuthTable, clock: Clock): Promise<Invites> {
  const invites = await openCached(table, Invite)
  const stateOf = ({ usesLeft, expiresAt }: InviteInfo) =>
    clock.now() >= expiresAt ? 'expired' : usesLeft > 0 ? 'open' : 'used'
  return {
    make: async ({ role, uses, expiresInMs, note, by }) => {
      const now = clock.now()
      const over = invites.entries().filter(([, { expiresAt }]) => now - expiresAt > rememberMs)
      await Promise.all(over.map(([id]) => invites.remove(id)))
      const id = createId()
      const token = `tdi_${id}_${randomBytes(32).toString('base64url')}`
      const invite: InviteInfo = {
        id,
        role,
        expiresAt: now + expiresInMs,
        usesLeft: uses,
        ...(note !== undefined && { note }),
        by,
        createdAt: now,
      }
      await invites.set(id, { ...invite, hash: hashOf(token) })
      return { token, invite }
    },
    list: () =>
      invites
        .entries()
        .map(([, invite]) => infoOf(invite))
        .filter((invite) => stateOf(invite) === 'open'),
    find: (token) => {
      const [, id] = pattern.exec(token) ?? []
      const known = id === undefined ? undefined : invites.get(id)
      const isIt = isSameHash(hashOf(token), known?.hash)
      return known && isIt ? { invite: infoOf(known), state: stateOf(known) } : undefined
    },
    use: async (id) => {
      const known = invites.get(id)
      if (known) await invites.set(id, { ...known, usesLeft: Math.max(0, known.usesLeft - 1) })
    },
    remove: invites.remove,
  }
}

/** As others may see it: without the hash. */
function infoOf(invite: z.infer<typeof Invite>): InviteInfo {
  const { hash: _, ...info } = invite
  return info
}
