import { MemberInfo, MemberList, MemberPatch, type Id } from '@tandem/shared'
import { Hono } from 'hono'
import type { z } from 'zod'
import type { Member } from '../auth/members.ts'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { readBody } from './problem.ts'
import { requireRole, requireSignedIn } from './who.ts'

const infoOf = ({ id, name, role, kind, since }: Member): MemberInfo => ({
  id,
  name,
  role,
  kind,
  ...(since > 0 && { since }),
})

/** `…/members`: everyone sees who takes part, owners say as what. Both take effect at once on what is open. */
export function memberRoutes(deps: HttpDeps): Hono<Env> {
  const { members, keys, sessions, invites, requests, audit } = deps
  const owner = requireSignedIn(deps, 'owner')

  /** Nothing of theirs opens anything any more; what they wrote stays, with their name. */
  const withdrawAll = (principal: Id) =>
    Promise.all([
      ...sessions.list(principal).map(({ id }) => sessions.close(id)),
      ...keys
        .list()
        .filter((key) => key.principal === principal && key.kind !== 'owner' && key.kind !== 'environment')
        .map(({ id }) => keys.remove(id)),
      ...invites
        .list()
        .filter(({ by }) => by === principal)
        .map(({ id }) => invites.remove(id)),
    ])

  return new Hono<Env>()
    .get(
      '/',
      describe({ tag: 'People', summary: 'Who takes part', answers: { 200: MemberList } }),
      requireRole(deps, 'viewer'),
      (c) => c.json<z.infer<typeof MemberList>>({ members: members.list().map(infoOf) }),
    )
    .patch(
      '/:id',
      describe({
        tag: 'People',
        summary: 'Change a role',
        more: 'Takes effect at once, also on what is open.',
        body: MemberPatch,
        answers: { 200: MemberInfo },
        errors: ['not-found', 'conflict'],
      }),
      owner,
      async (c) => {
        const { role } = await readBody(c, MemberPatch)
        const id = c.req.param('id')
        const from = members.get(id)?.role
        const member = await members.setRole(id, role)
        if (from !== role)
          audit.add({ actor: c.var.caller.principal, action: 'member.role', object: id, details: { from, to: role } })
        await requests.showMembers()
        return c.json<MemberInfo>(infoOf(member))
      },
    )
    .delete(
      '/:id',
      describe({
        tag: 'People',
        summary: 'Remove a member',
        more: 'With their sessions, keys, invites and daemons; what they wrote stays. A daemon comes again as long as its key stands.',
        answers: { 204: 'nothing' },
        errors: ['not-found', 'conflict'],
      }),
      owner,
      async (c) => {
        const { name, role, id } = await members.remove(c.req.param('id'))
        audit.add({ actor: c.var.caller.principal, action: 'member.remove', object: id, details: { name, role } })
        await withdrawAll(id)
        await requests.showMembers()
        return c.body(null, 204)
      },
    )
}
