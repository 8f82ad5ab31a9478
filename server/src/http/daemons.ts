import { DaemonList, Id, TandemError, atLeast } from '@tandem/shared'
import { Hono } from 'hono'
import { z } from 'zod'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { createOpsLook } from './ops.ts'
import { readBody, readValue } from './problem.ts'
import { requireRole } from './who.ts'

const tag = 'Daemons'

const Drain = z.object({ on: z.boolean().default(true).describe('False: it begins tasks again.') })

/** `…/daemons`: who serves the workspace, giving it up, and beginning no more tasks. */
export function daemonRoutes(deps: HttpDeps): Hono<Env> {
  const { lease, daemons, audit, requests, session } = deps
  const ops = createOpsLook(deps)
  return new Hono<Env>()
    .get(
      '/',
      describe({ tag, summary: 'The daemons that serve the workspace now', answers: { 200: DaemonList } }),
      requireRole(deps, 'viewer'),
      async (c) => {
        const { daemons: seen } = await ops()
        const daemonsNow = lease.holders().map((each) => ({ ...each, sandbox: seen.get(each.id)?.sandbox }))
        return c.json<DaemonList>({ daemons: daemonsNow })
      },
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
    .post(
      '/:id/drain',
      describe({
        tag,
        summary: 'A daemon begins nothing more; what runs goes on',
        more: 'The body may be left out.',
        body: Drain,
        answers: { 202: Drain },
        errors: ['not-found', 'conflict'],
      }),
      requireRole(deps, 'runner'),
      async (c) => {
        const { caller } = c.var
        const id = readValue(c.req.param('id'), Id)
        if (daemons.ownerOf(id) === undefined)
          throw new TandemError('not-found', { reason: 'there is no such daemon', id })
        if (!atLeast(caller.role, 'owner') && daemons.ownerOf(id) !== caller.principal)
          throw new TandemError('forbidden', { reason: 'this daemon belongs to another account', daemon: id })
        const { on } = (await c.req.text()) === '' ? { on: true } : await readBody(c, Drain)
        const by = { id: caller.principal, name: caller.name, role: caller.role }
        await requests.ask(by, session, { kind: 'drain', daemon: id, on })
        return c.json<z.infer<typeof Drain>>({ on }, 202)
      },
    )
}
