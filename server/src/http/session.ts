import { SessionRequest, TandemError, type SessionAnswer, type SignInLink } from '@tandem/shared'
import { Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { sessionLifeMs } from '../auth/sessions.ts'
import type { Env, HttpDeps } from './deps.ts'
import { readBody } from './problem.ts'
import { cookieName, identify } from './who.ts'

/** `/api/v1/session`: the owner's token from the address becomes a cookie that scripts of the page cannot read. */
export function sessionRoutes(deps: HttpDeps): Hono<Env> {
  const { keys, links, sessions, workspace, audit } = deps
  const name = cookieName(workspace.id)
  const options = { httpOnly: true, sameSite: 'Strict', path: '/' } as const
  return new Hono<Env>()
    .post('/', async (c) => {
      const { token } = await readBody(c, SessionRequest)
      const account = links.redeem(token) ?? (await keys.verify(token))
      if (!account) throw new TandemError('unauthorized', { reason: 'the token is not valid' })
      // Behind a TLS proxy the page's origin is checked to be ours, and says that it came over TLS.
      const secure = c.req.header('origin')?.startsWith('https://') === true
      const maxAge = Math.floor(sessionLifeMs / 1000)
      setCookie(c, name, await sessions.open(account), { ...options, secure, maxAge })
      audit.add({ actor: account.principal, action: 'session.open', object: account.keyId })
      return c.json<SessionAnswer>({ principal: account.principal, name: account.name }, 201)
    })
    .post('/link', async (c) => {
      const { by, keyId, principal, name: called, role } = await identify(deps)(c)
      if (by !== 'key' || keyId === undefined) {
        throw new TandemError('forbidden', { reason: 'a sign-in link is made with an API key' })
      }
      audit.add({ actor: principal, action: 'session.link', object: keyId })
      return c.json<SignInLink>(links.make({ principal, name: called, role, keyId }), 201)
    })
    .get('/', async (c) => {
      const caller = await identify(deps)(c)
      return c.json<SessionAnswer>({ principal: caller.principal, name: caller.name })
    })
    .delete('/', async (c) => {
      const caller = await identify(deps)(c)
      const cookie = getCookie(c, name)
      if (cookie !== undefined) await sessions.close(cookie)
      deleteCookie(c, name, options)
      audit.add({ actor: caller.principal, action: 'session.close', object: caller.keyId ?? '' })
      return c.body(null, 204)
    })
}
