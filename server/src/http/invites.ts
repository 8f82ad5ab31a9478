import { InviteList, InviteLook, NewInvite, NewInviteAnswer, TandemError } from '@tandem/shared'
import { Hono } from 'hono'
import type { z } from 'zod'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { createGuesses } from './guesses.ts'
import { readInvite } from './join.ts'
import { readBody } from './problem.ts'
import { pageUrl } from './sign-in.ts'
import { requireSignedIn } from './who.ts'

/** That can be taken at once: they are all in memory. */
const maxInvites = 500

/** `…/invites`: links that make whoever opens them a member. The link is told once. */
export function inviteRoutes(deps: HttpDeps): Hono<Env> {
  const { invites, audit } = deps
  const owner = requireSignedIn(deps, 'owner')
  return new Hono<Env>()
    .get(
      '/',
      describe({ tag: 'People', summary: 'Links that can still be taken', answers: { 200: InviteList } }),
      owner,
      (c) => c.json<z.infer<typeof InviteList>>({ invites: [...invites.list()] }),
    )
    .post(
      '/',
      describe({
        tag: 'People',
        summary: 'Invite by a link',
        more: 'The link is told once; only its hash is kept.',
        body: NewInvite,
        answers: { 201: NewInviteAnswer },
        errors: ['conflict'],
      }),
      owner,
      async (c) => {
        const by = c.var.caller.principal
        if (invites.list().length >= maxInvites)
          throw new TandemError('conflict', { reason: `${maxInvites} links can be taken already: withdraw some first` })
        const { token, invite } = await invites.make({ ...(await readBody(c, NewInvite)), by })
        const { role, usesLeft: uses, expiresAt } = invite
        audit.add({ actor: by, action: 'invite.make', object: invite.id, details: { role, uses, expiresAt } })
        const url = `${pageUrl(deps, c)}/#invite=${token}`
        return c.json<z.infer<typeof NewInviteAnswer>>({ invite, url }, 201)
      },
    )
    .delete(
      '/:id',
      describe({
        tag: 'People',
        summary: 'Withdraw a link',
        more: 'Who came by it stays a member.',
        answers: { 204: 'nothing' },
        errors: ['not-found'],
      }),
      owner,
      async (c) => {
        const invite = invites.list().find(({ id }) => id === c.req.param('id'))
        if (!invite) throw new TandemError('not-found', { reason: 'there is no such invite' })
        audit.add({ actor: c.var.caller.principal, action: 'invite.remove', object: invite.id })
        await invites.remove(invite.id)
        return c.body(null, 204)
      },
    )
}

/** `GET /api/v1/invites/:token`: what a link is for, before it is taken; for somebody who is nobody yet. */
export function inviteLookRoute(deps: HttpDeps): Hono<Env> {
  const guesses = createGuesses(deps)
  return new Hono<Env>().get(
    '/:token',
    describe({
      tag: 'People',
      summary: 'What a link is for, before it is taken',
      answers: { 200: InviteLook },
      errors: ['not-found'],
      open: true,
    }),
    (c) => {
      try {
        const { invite, invitedBy } = readInvite(deps, c.req.param('token'))
        const { role, expiresAt } = invite
        return c.json<InviteLook>({ workspace: deps.workspace.name, role, invitedBy, expiresAt })
      } catch (e) {
        guesses.wrong(c)
        guesses.check(c)
        throw e
      }
    },
  )
}
