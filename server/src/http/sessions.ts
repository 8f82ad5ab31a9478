import { SessionList, TandemError } from '@tandem/shared'
import { Hono } from 'hono'
import { z } from 'zod'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { readValue } from './problem.ts'
import { requireSignedIn } from './who.ts'

const DeleteQuery = z.object({ others: z.string().describe('All but the one that asks.') })

/** `/api/v1/sessions`: the browsers in which the caller is signed in. */
export function sessionListRoutes(deps: HttpDeps): Hono<Env> {
  const { sessions, audit } = deps
  const signedIn = requireSignedIn(deps, 'viewer')
  const close = async (principal: string, id: string) => {
    audit.add({ actor: principal, action: 'session.close', object: id })
    await sessions.close(id)
  }
  return new Hono<Env>()
    .get(
      '/',
      describe({ tag: 'Sign-in', summary: 'Where you are signed in', answers: { 200: SessionList } }),
      signedIn,
      (c) => {
        const { principal, via } = c.var.caller
        const current = 'session' in via ? via.session : undefined
        const mine = sessions.list(principal).toSorted((a, b) => b.usedAt - a.usedAt)
        return c.json<z.infer<typeof SessionList>>({
          sessions: mine.map((session) => ({ ...session, current: session.id === current })),
        })
      },
    )
    .delete(
      '/',
      describe({
        tag: 'Sign-in',
        summary: 'Sign out everywhere else',
        query: DeleteQuery,
        answers: { 204: 'nothing' },
      }),
      signedIn,
      async (c) => {
        readValue(c.req.query(), DeleteQuery)
        const { principal, via } = c.var.caller
        const others = sessions.list(principal).filter(({ id }) => !('session' in via) || id !== via.session)
        await Promise.all(others.map(({ id }) => close(principal, id)))
        return c.body(null, 204)
      },
    )
    .delete(
      '/:id',
      describe({ tag: 'Sign-in', summary: 'Sign one browser out', answers: { 204: 'nothing' }, errors: ['not-found'] }),
      signedIn,
      async (c) => {
        const { principal } = c.var.caller
        const mine = sessions.list(principal).find(({ id }) => id === c.req.param('id'))
        if (!mine) throw new TandemError('not-found', { reason: 'you have no such session' })
        await close(principal, mine.id)
        return c.body(null, 204)
      },
    )
}
