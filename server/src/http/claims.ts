import type { Claims, DocPlace } from '@tandem/shared'
import { documentRole } from '../auth/account.ts'
import type { Workspace } from '../store/workspace.ts'
import type { Caller } from './deps.ts'

/** A caller of REST as the table of doors sees who comes by socket. */
export const claimsOf = (workspace: Workspace, caller: Caller): Claims => ({
  kind: caller.daemon ? 'daemon' : 'user',
  principal: caller.principal,
  name: caller.name.slice(0, 80),
  role: caller.daemon ? caller.role : documentRole(caller),
  session: workspace.id,
  ...placeOf(workspace),
})

export const placeOf = ({ id, epoch }: Workspace): DocPlace => ({ workspaceId: id, epoch })
