import { Id, TandemError } from '@tandem/shared'
import { z } from 'zod'
import type { Account, AuthTable } from './api-keys.ts'

const Binding = z.object({ owner: Id, name: z.string() })

/** Which account a daemon belongs to: bound at first sight, so that nobody can come as someone else's daemon [S50]. */
export function createDaemonBindings(table: AuthTable) {
  return {
    /** Throws `forbidden` where the daemon is another account's, or the account may not run daemons. */
    bind: async (account: Account, daemon: { id: Id; name: string }): Promise<void> => {
      if (account.role !== 'owner') throw new TandemError('forbidden', { reason: 'only an owner may run a daemon' })
      const known = Binding.safeParse(await table.read(daemon.id)).data
      const isTaken = known ? known.owner !== account.principal : daemon.id === account.principal
      if (isTaken)
        throw new TandemError('forbidden', { reason: 'this daemon belongs to another account', daemon: daemon.id })
      if (known?.name !== daemon.name) await table.write(daemon.id, { owner: account.principal, name: daemon.name })
    },
  }
}
export type DaemonBindings = ReturnType<typeof createDaemonBindings>
