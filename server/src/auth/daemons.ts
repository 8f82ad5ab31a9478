import { Id, TandemError, type Role, atLeast } from '@tandem/shared'
import { z } from 'zod'
import type { Account } from './account.ts'
import type { Members } from './members.ts'
import { openCached, type AuthTable } from './table.ts'

const Binding = z.object({ owner: Id, name: z.string() })

export type DaemonBindings = {
  /**
   * Throws `forbidden` where the daemon is another account's, or the account may not run daemons, and `conflict` where
   * it has too many.
   */
  check(account: Account, daemon: { id: Id }): void
  /** Binds a daemon to its account at first sight, and makes it a member in that account's right. Throws as `check`. */
  bind(account: Account, daemon: { id: Id; name: string }): Promise<void>
  ownerOf(id: Id): Id | undefined
}

/** The least role of those whose daemons may run what others ask for. */
export const daemonRole: Role = 'runner'

/** Of one account: each is a member, whom everybody sees. */
const maxDaemons = 100

/** Which account a daemon belongs to, so that nobody can come as someone else's daemon [S50]. */
export async function openDaemonBindings(
  table: AuthTable,
  { members, isPerson }: { members: Members; isPerson: (id: Id) => boolean },
): Promise<DaemonBindings> {
  const bindings = await openCached(table, Binding)
  const check: DaemonBindings['check'] = (account, { id }) => {
    if (!atLeast(account.role, daemonRole))
      throw new TandemError('forbidden', {
        reason: `running a daemon needs the role ${daemonRole}`,
        role: account.role,
      })
    const known = bindings.get(id)
    const member = members.get(id)
    // A daemon's id names its documents: it must not be that of a person, whose own documents it would open.
    const isSomebody = isPerson(id) || (member !== undefined && member.kind !== 'daemon' && !known)
    if (isSomebody || (known && known.owner !== account.principal))
      throw new TandemError('forbidden', { reason: 'this daemon belongs to another account', daemon: id })
    const theirs = members.list().filter(({ owner }) => owner === account.principal)
    if (!member && theirs.length >= maxDaemons)
      throw new TandemError('conflict', {
        reason: `you have ${maxDaemons} daemons here: have an owner remove those that are gone`,
      })
  }
  return {
    check,
    bind: async (account, daemon) => {
      check(account, daemon)
      const known = bindings.get(daemon.id)
      const binding = { owner: account.principal, name: daemon.name }
      await Promise.all([
        known?.name === daemon.name ? undefined : bindings.set(daemon.id, binding),
        members.add({ ...daemon, role: daemonRole, kind: 'daemon', owner: account.principal }),
      ])
    },
    ownerOf: (id) => bindings.get(id)?.owner,
  }
}
