import { Id, Role, TandemError, type Clock } from '@tandem/shared'
import { z } from 'zod'
import { openCached, type AuthTable } from './table.ts'

const Member = z.object({
  id: Id,
  name: z.string(),
  role: Role,
  kind: z.enum(['person', 'daemon', 'program']).default('person'),
  /** Of a daemon: whose it is. It does what it does in their right. */
  owner: Id.optional(),
  since: z.number().default(0),
})
export type Member = z.infer<typeof Member>

export type Members = {
  get(id: Id): Member | undefined
  list(): readonly Member[]
  /** Lets somebody in; who is a member already keeps their role. */
  add(member: Omit<Member, 'since'>): Promise<Member>
  rename(id: Id, name: string): Promise<void>
  /** Throws `not-found`, and `conflict` where it would leave no owner or the role is not for changing. */
  setRole(id: Id, role: Role): Promise<Member>
  /** Removes somebody and the daemons that are theirs. Throws as `setRole`. */
  remove(id: Id): Promise<Member>
  /** Removes a program whose key is gone from the settings. */
  forget(id: Id): Promise<void>
  onChange(listen: () => void): void
}

/** Who takes part, and as what: the one place where a role is looked up. Keys and sessions can only narrow it. */
export async function openMembers(table: AuthTable, clock: Clock): Promise<Members> {
  const members = await openCached(table, Member)
  const list = () => members.entries().map(([, member]) => member)
  const find = (id: Id): Member => {
    const member = members.get(id)
    if (!member) throw new TandemError('not-found', { reason: 'there is no such member' })
    return member
  }
  const keepAnOwner = ({ id, name, role }: Member) => {
    if (role !== 'owner' || list().some((other) => other.role === 'owner' && other.id !== id)) return
    throw new TandemError('conflict', {
      reason: `${name} is the only owner: make somebody else an owner first`,
    })
  }
  return {
    get: members.get,
    list,
    add: async (asked) => {
      const known = members.get(asked.id)
      if (known && known.name === asked.name && known.owner === asked.owner && known.kind === asked.kind) return known
      const member: Member = { ...asked, role: known?.role ?? asked.role, since: known?.since || clock.now() }
      await members.set(member.id, member)
      return member
    },
    rename: async (id, name) => {
      const member = members.get(id)
      if (member && member.name !== name) await members.set(id, { ...member, name })
    },
    setRole: async (id, role) => {
      const member = find(id)
      if (member.kind === 'daemon')
        throw new TandemError('conflict', { reason: 'a daemon has no role of its own: it works in its owner’s right' })
      if (member.kind === 'program' && role === 'owner')
        throw new TandemError('conflict', { reason: 'a program cannot be an owner' })
      if (member.role === role) return member
      if (role !== 'owner') keepAnOwner(member)
      const after = { ...member, role }
      await members.set(id, after)
      return after
    },
    remove: async (id) => {
      const member = find(id)
      if (member.kind === 'program')
        throw new TandemError('conflict', {
          reason: `this program comes from the server’s settings: remove ${member.name} there`,
        })
      keepAnOwner(member)
      const theirs = list().filter(({ owner }) => owner === id)
      await Promise.all([member, ...theirs].map((gone) => members.remove(gone.id)))
      return member
    },
    forget: members.remove,
    onChange: members.onChange,
  }
}
