import { KeyList, NewKey, NewKeyAnswer, TandemError, atLeast } from '@tandem/shared'
import { Hono } from 'hono'
import { z } from 'zod'
import type { Caller, Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { readBody } from './problem.ts'
import { requireScope } from './scopes.ts'
import { requireSignedIn } from './who.ts'

/** Of one person: they are all in memory. */
const maxKeys = 100

const ListQuery = z.object({ all: z.string().optional().describe('Those of everybody: for owners.') })

/** `…/keys`: everybody's own API keys, and all of them for owners. A key is shown once. */
export function keyRoutes(deps: HttpDeps): Hono<Env> {
  const { keys, clock, audit } = deps
  const signedIn = requireSignedIn(deps, 'viewer')
  const managesAll = ({ role, scopes }: Caller) => atLeast(role, 'owner') && scopes.has('admin')

  return new Hono<Env>()
    .get(
      '/',
      describe({ tag: 'Keys', summary: 'Your keys', query: ListQuery, answers: { 200: KeyList } }),
      signedIn,
      (c) => {
        const { caller } = c.var
        const all = c.req.query('all') !== undefined
        if (all && !managesAll(caller))
          throw new TandemError('forbidden', { reason: 'the keys of others are for owners to see' })
        const shown = keys.list().filter(({ principal }) => all || principal === caller.principal)
        return c.json<z.infer<typeof KeyList>>({ keys: shown })
      },
    )
    .post(
      '/',
      describe({
        tag: 'Keys',
        summary: 'Make a key',
        more: 'It is shown once; only its hash is kept. It never allows more than who makes it is allowed.',
        body: NewKey,
        answers: { 201: NewKeyAnswer },
        errors: ['conflict'],
      }),
      signedIn,
      async (c) => {
        const { caller } = c.var
        const { expiresInMs, workspaces, name, role, scopes } = await readBody(c, NewKey)
        if (!atLeast(caller.role, role))
          throw new TandemError('forbidden', {
            reason: `your role is ${caller.role}: a key of yours can have no higher one`,
          })
        // A key that makes keys must not make one that may do more than itself.
        for (const scope of scopes) requireScope(caller, scope)
        const expiresAt = expiresInMs === undefined ? caller.expiresAt : clock.now() + expiresInMs
        if (caller.expiresAt !== undefined && (expiresAt ?? Infinity) > caller.expiresAt)
          throw new TandemError('forbidden', { reason: 'your key ends before that: it makes none that outlives it' })
        const isWithin = (workspaces ?? []).every((id) => caller.workspaces?.includes(id) ?? true)
        if (!isWithin) throw new TandemError('forbidden', { reason: 'your key is not for all of these workspaces' })
        const places = workspaces ?? caller.workspaces
        if (keys.list().filter(({ principal }) => principal === caller.principal).length >= maxKeys)
          throw new TandemError('conflict', { reason: `you have ${maxKeys} keys: remove one first` })
        const { key, info } = await keys.make({
          name,
          role,
          scopes: [...new Set(scopes)],
          ...(places && { workspaces: [...places] }),
          ...(expiresAt !== undefined && { expiresAt }),
          kind: 'own',
          principal: caller.principal,
        })
        audit.add({ actor: caller.principal, action: 'key.make', object: info.id, details: { name, role, scopes } })
        return c.json<z.infer<typeof NewKeyAnswer>>({ key, info }, 201)
      },
    )
    .delete(
      '/:id',
      describe({
        tag: 'Keys',
        summary: 'Remove a key',
        more: 'Everything that it opened is closed at once.',
        answers: { 204: 'nothing' },
        errors: ['not-found', 'conflict'],
      }),
      signedIn,
      async (c) => {
        const { caller } = c.var
        const key = keys.list().find(({ id }) => id === c.req.param('id'))
        // That another's key exists is not for everybody to know.
        if (!key || (key.principal !== caller.principal && !managesAll(caller)))
          throw new TandemError('not-found', { reason: 'you have no such key' })
        if (key.kind === 'owner')
          throw new TandemError('conflict', {
            reason: 'the server’s own key is made at its start: it cannot be removed',
          })
        if (key.kind === 'environment')
          throw new TandemError('conflict', {
            reason: `this key comes from the server’s settings (${key.name}): remove it there`,
          })
        audit.add({ actor: caller.principal, action: 'key.remove', object: key.id, details: { name: key.name } })
        await keys.remove(key.id)
        return c.body(null, 204)
      },
    )
}
