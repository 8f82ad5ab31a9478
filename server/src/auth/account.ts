import { Id, atLeast, type Role, type Scope } from '@tandem/shared'
import { z } from 'zod'

/** Who a key, a cookie or a token stands for, and what it may do now. */
export type Account = { principal: Id; name: string; role: Role }

/** What somebody showed to get in; an access token remembers it, so that it ends with it. */
export const Via = z.union([z.object({ key: Id }), z.object({ session: z.string() })])
export type Via = z.infer<typeof Via>

export type Scopes = ReadonlySet<Scope>

/** The role in which documents are written: what a key's scopes leave out lowers it. Without `tasks:write` nothing is run. */
export const documentRole = ({ role, scopes }: { role: Role; scopes: Scopes }): Role =>
  !scopes.has('files:write') ? 'viewer' : !scopes.has('tasks:write') ? lesser(role, 'editor') : role

export const lesser = (a: Role, b: Role): Role => (atLeast(a, b) ? b : a)
