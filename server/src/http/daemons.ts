import { DaemonList, Id, TandemError } from '@tandem/shared'
import { Hono } from 'hono'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { readValue } from './problem.ts'
import { requireRole } from './who.ts'

const tag = 'Daemons'

/** `…/daemons`: who serves the workspace, and giving it up. */
export function daemonRoutes(deps: HttpDeps): Hono<Env> {
  const { lease, daemons, audit } = deps
  return new Hono<Env>()
    .get(
      '/',
      describe({ tag, summary: 'The daemons that serve the workspace now', answers: { 200: DaemonList } }),
      requireRole(deps, 'viewer'),
      (c) => c.json<DaemonList>({ daemons: lease.holders() }),
    )
    .delete(
      '/:id/lease',
      describe({ tag, summary: 'A daemon of yours serves it no more', answers: { 204: 'nothing' } }),
      requireRole(deps, 'viewer'),
      async (c) => {
        const { caller } = c.var
        if (caller.by !== 'key') throw new TandemError('forbidden', { reason: 'a daemon signs out with an API key' })
        const id = readValue(c.req.param('id'), Id)
        if (lease.holds(id)) {
          if (daemons.ownerOf(id) !== caller.principal)
            throw new TandemError('forbidden', { reason: 'this daemon belongs to another account', daemon: id })
          await lease.release(id)
          audit.add({ actor: caller.principal, action: 'daemon.left', object: id })
        }
        return c.body(null, 204)
      },
    )
}
