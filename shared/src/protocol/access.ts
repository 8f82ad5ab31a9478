import { z } from 'zod'
import { Id } from '../base/ids.ts'
import { plainText } from '../base/terminal.ts'
import type { DocRef } from './doc-names.ts'

/** What a member may do, each including what stands before it [S49]. */
export const roles = ['viewer', 'commenter', 'editor', 'runner', 'owner'] as const
export const Role = z.enum(roles)
export type Role = z.infer<typeof Role>

/** Whether `role` includes `least`. */
export const atLeast = (role: Role, least: Role): boolean => roles.indexOf(role) >= roles.indexOf(least)

/** What a person, a machine or a key is called: one line that neither acts on a terminal nor reorders what stands beside it. */
export const ShownName = z
  .string()
  .trim()
  .max(80)
  .refine(
    (name) => plainText(name) === name && !/[\t\r\n\u2028\u2029]/.test(name),
    'it has characters that cannot be seen',
  )

/** Who a connection is, as its access token says: a person's tab, or the daemon `principal` of one workspace [S50]. */
export const Claims = z.object({
  kind: z.enum(['user', 'daemon']),
  principal: Id,
  name: z.string().max(80),
  role: Role,
  workspaceId: Id,
  epoch: Id,
  /** The tab or process: names its requests document. */
  session: Id,
})
export type Claims = z.infer<typeof Claims>

/** Whether this daemon holds the lease of that attempt, or of any of the task's: only the referee knows. */
export type HoldsLease = (daemonId: Id, taskId: Id, attempt?: number) => boolean

/** Who may open a document at all. */
export function mayRead(doc: DocRef, who: Claims): boolean {
  if (doc.kind === 'requests') return doc.principal === who.principal
  if (doc.kind === 'user') return doc.userId === who.principal
  return true
}

/** Who may change a document: the table of architecture §3. `tasks`, `ops` and `presence` nobody but the server. */
export function mayWrite(doc: DocRef, who: Claims, holdsLease: HoldsLease): boolean {
  const isDaemon = who.kind === 'daemon'
  switch (doc.kind) {
    case 'files':
    case 'file':
      return isDaemon || atLeast(who.role, 'editor')
    case 'skills':
    case 'review':
      return !isDaemon && atLeast(who.role, 'editor')
    case 'chat':
    case 'comments':
      return !isDaemon && atLeast(who.role, 'commenter')
    case 'requests':
      return doc.principal === who.principal
    case 'user':
      return doc.userId === who.principal
    case 'daemon':
      return isDaemon && doc.daemonId === who.principal
    case 'log':
      return isDaemon && holdsLease(who.principal, doc.taskId, doc.attempt)
    case 'run':
      // Of two daemons that held it one after the other, the first writes no more.
      return isDaemon && holdsLease(who.principal, doc.runId)
    case 'tty':
      return !isDaemon && atLeast(who.role, 'runner')
    case 'tasks':
    case 'ops':
    case 'presence':
      return false
    default:
      return doc satisfies never
  }
}
