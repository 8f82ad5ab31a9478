import { TandemError, atLeast, createId, type Id, type InviteInfo } from '@tandem/shared'
import type { User } from '../auth/users.ts'
import type { HttpDeps } from './deps.ts'

/** The invite behind a link and the name of who made it; throws `not-found` that says what to do where it is over. */
export function readInvite(
  { invites, members, users }: HttpDeps,
  token: string,
): { invite: InviteInfo; invitedBy: string } {
  const over = (reason: string) => new TandemError('not-found', { reason })
  const found = invites.find(token)
  if (!found) throw over('There is no such link. Ask whoever sent it for a new one.')
  const { invite, state } = found
  const maker = members.get(invite.by)
  const invitedBy = maker?.name ?? users.get(invite.by)?.name ?? 'an owner'
  if (state === 'expired') throw over(`This link has expired. Ask ${invitedBy} for a new one.`)
  if (state === 'used') throw over(`This link has been used up. Ask ${invitedBy} for a new one.`)
  // A link is its maker's word, and no better than that is today.
  if (maker?.role !== 'owner')
    throw over(`This link holds no more: ${invitedBy} may not invite any more. Ask an owner for a new one.`)
  return { invite, invitedBy }
}

/**
 * Takes an invite: a new person becomes a member, somebody known is raised to its role and never lowered. One use
 * goes in this very step, so that two who come for the last one do not both get in. Returns the person's id. Throws
 * as `readInvite`.
 */
export async function joinBy(
  deps: HttpDeps,
  token: string,
  who: Pick<User, 'name' | 'identity'> & { id?: Id },
): Promise<Id> {
  const { invites, members, users, audit } = deps
  const { invite } = readInvite(deps, token)
  const id = who.id ?? createId()
  const member = members.get(id)
  if (member && atLeast(member.role, invite.role)) return id
  await Promise.all([
    invites.use(invite.id),
    users.get(id) ? undefined : users.make({ ...who, id }),
    member ? members.setRole(id, invite.role) : members.add({ id, name: who.name, role: invite.role, kind: 'person' }),
  ])
  const details = { role: invite.role, by: invite.by, name: who.name, ...(member && { from: member.role }) }
  audit.add({ actor: id, action: 'invite.take', object: invite.id, details })
  await deps.requests.showMembers()
  return id
}
