import { Id, Role } from '@tandem/shared'
import { z } from 'zod'
import type { AuthTable } from './api-keys.ts'

const Member = z.object({ id: Id, name: z.string(), role: Role })
export type Member = z.infer<typeof Member>

export type Members = {
  /** Remembers a principal's name and role, as last seen. True where that is news. */
  see(member: Member): Promise<boolean>
  get(id: Id): Promise<Member | undefined>
}

/** Who takes part: people, and the daemons that speak for them. */
export function createMembers(table: AuthTable): Members {
  const get = async (id: Id) => Member.safeParse(await table.read(id)).data
  return {
    get,
    see: async (member) => {
      const known = await get(member.id)
      if (known?.name === member.name && known.role === member.role) return false
      await table.write(member.id, { id: member.id, name: member.name, role: member.role })
      return true
    },
  }
}
