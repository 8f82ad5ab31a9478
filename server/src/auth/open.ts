import { userInfo } from 'node:os'
import type { Clock, Id, Settings } from '@tandem/shared'
import { createAccess } from './access.ts'
import { openApiKeys } from './api-keys.ts'
import { openDaemonBindings } from './daemons.ts'
import { openInvites } from './invites.ts'
import { openMembers } from './members.ts'
import { createPairings } from './pairings.ts'
import { openSessions } from './sessions.ts'
import { createSignInLinks } from './sign-in-links.ts'
import type { AuthTable } from './table.ts'
import { openTokens } from './tokens.ts'
import { openUsers } from './users.ts'

type Deps = {
  table(name: 'meta' | 'members' | 'users' | 'keys' | 'sessions' | 'daemons' | 'invites'): AuthTable
  workspaceId: Id
  /** The principal of the owner's key, and the key. */
  ownerId: Id
  ownerKey: string
  settings: Pick<Settings, 'tokenLifeMs' | 'queueApiKey' | 'assistantApiKey'>
  clock: Clock
}

/** Everything that says who somebody is and what they may do, with the owner and the programs of the settings in it. */
export async function openAuth({ table, workspaceId, ownerId, ownerKey, settings, clock }: Deps) {
  const users = await openUsers(table('users'), clock)
  const members = await openMembers(table('members'), clock)
  const keys = await openApiKeys(table('keys'), clock)
  const sessions = await openSessions(table('sessions'), clock)
  const isPerson = (id: Id) => users.get(id) !== undefined
  const daemons = await openDaemonBindings(table('daemons'), { members, isPerson })

  const name = members.get(ownerId)?.name ?? ownerName()
  if (!users.get(ownerId)) await users.make({ id: ownerId, name })
  // Who gave the workspace away is not let in again by the key on their disk.
  if (!members.list().some(({ role }) => role === 'owner'))
    await members.add({ id: ownerId, name, role: 'owner', kind: 'person' })
  await keys.setOwner(ownerKey, ownerId)

  const programs = await keys.setPrograms([
    { name: 'QUEUE_API_KEY', role: 'runner', scopes: ['read', 'tasks:write'], secret: settings.queueApiKey },
    {
      name: 'ASSISTANT_API_KEY',
      role: 'viewer',
      scopes: ['cockpit:read', 'alerts:ack', 'agents:read'],
      secret: settings.assistantApiKey,
    },
  ])
  for (const { name: called, role, principal: id, here } of programs) {
    if (here) await members.add({ id, name: called, role, kind: 'program' })
    else await members.forget(id)
  }

  return {
    users,
    members,
    keys,
    sessions,
    daemons,
    invites: await openInvites(table('invites'), clock),
    pairings: createPairings(clock),
    links: createSignInLinks(clock),
    tokens: await openTokens(table('meta'), settings.tokenLifeMs, clock),
    access: createAccess({ workspaceId, keys, sessions, members, daemons }),
  }
}

function ownerName(): string {
  try {
    return userInfo().username
  } catch {
    // A user without an account, as in some containers.
    return 'Owner'
  }
}
