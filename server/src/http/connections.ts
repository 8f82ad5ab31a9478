import { Id } from '@tandem/shared'
import { Hono } from 'hono'
import { z } from 'zod'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { requireRole } from './who.ts'

/** One connection and how it does; times are the server's, ms [S30]. */
const ConnectionInfo = z.object({
  id: Id,
  principal: Id,
  name: z.string(),
  kind: z.enum(['user', 'daemon']),
  openedAt: z.number(),
  heardAt: z.number(),
  rttMs: z.number().optional().describe('How long the last answered ping took, there and back.'),
  bytesIn: z.number(),
  documents: z.int().describe('How many it has open.'),
})
const ConnectionList = z.object({ connections: z.array(ConnectionInfo) })

/** `GET …/connections`, for owners: who is connected, and how each connection does. */
export const connectionsRoute = (deps: HttpDeps): Hono<Env> =>
  new Hono<Env>().get(
    '/',
    describe({ tag: 'Workspaces', summary: 'Who is connected, and how well', answers: { 200: ConnectionList } }),
    requireRole(deps, 'owner'),
    (c) => {
      const connections = [...deps.sockets()].flatMap(({ id, who, connections: open, health }) =>
        who
          ? [
              {
                id,
                principal: who.claims.principal,
                name: who.claims.name,
                kind: who.claims.kind,
                ...health(),
                documents: open.size,
              },
            ]
          : [],
      )
      return c.json<z.infer<typeof ConnectionList>>({ connections })
    },
  )
