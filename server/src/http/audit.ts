import { AuditLine, AuditPage } from '@tandem/shared'
import { Hono } from 'hono'
import { z } from 'zod'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { readValue } from './problem.ts'
import { requireSignedIn } from './who.ts'

const Query = z.object({
  cursor: z.coerce.number().int().positive().optional().describe('Where the page before ended.'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  verify: z.string().optional().describe('Says, too, whether the chain of hashes holds; reads it all.'),
})

/** `GET …/audit`: who did what, newest first, for owners. */
export function auditRoute(deps: HttpDeps): Hono<Env> {
  const { audit, members, users } = deps
  const nameOf = (id: string) => members.get(id)?.name ?? users.get(id)?.name
  return new Hono<Env>().get(
    '/',
    describe({ tag: 'People', summary: 'Who did what, newest first', query: Query, answers: { 200: AuditPage } }),
    requireSignedIn(deps, 'owner'),
    async (c) => {
      const { cursor, limit, verify } = readValue(c.req.query(), Query)
      const { entries, next } = await audit.page({ before: cursor, limit })
      const lines = entries.map((entry) => AuditLine.parse({ ...entry, actorName: nameOf(entry.actor) }))
      return c.json<z.infer<typeof AuditPage>>({
        entries: lines,
        ...(next !== undefined && { cursor: String(next) }),
        ...(verify !== undefined && { whole: (await audit.verify()) === undefined }),
      })
    },
  )
}
