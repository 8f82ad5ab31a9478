import { SessionAnswer, SessionRequest, SignInLink, TandemError } from '@tandem/shared'
import { Hono, type Context } from 'hono'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { createGuesses } from './guesses.ts'
import { joinBy } from './join.ts'
import { readBody } from './problem.ts'
import { forgetCookie, signIn } from './sign-in.ts'
import { identify } from './who.ts'

/** `/api/v1/session`: a token or an invite becomes a cookie that scripts of the page cannot read. */
export function sessionRoutes(deps: HttpDeps): Hono<Env> {
  const { keys, links, sessions, members, access, audit } = deps
  const callerOf = identify(deps)
  const guesses = createGuesses(deps)

  const whoIsHere = async (c: Context<Env>) => {
    try {
      return await callerOf(c)
    } catch {
      return undefined // Nobody: they come to sign in.
    }
  }
  const answerFor = (principal: string): SessionAnswer => ({ principal, name: members.get(principal)?.name ?? '' })

  return new Hono<Env>()
    .post(
      '/',
      describe({
        tag: 'Sign-in',
        summary: 'Sign this browser in, by a key, a sign-in link or an invite',
        body: SessionRequest,
        answers: { 200: SessionAnswer, 201: SessionAnswer },
        errors: ['unauthorized', 'not-found'],
        open: true,
      }),
      async (c) => {
        const request = await readBody(c, SessionRequest)
        if ('token' in request) {
          const keyId = links.redeem(request.token) ?? keys.verify(request.token)
          if (keyId === undefined) throw new TandemError('unauthorized', { reason: 'the token is not valid' })
          const { principal } = access.of({ key: keyId })
          await signIn(deps, c, { principal, keyId })
          return c.json<SessionAnswer>(answerFor(principal), 201)
        }
        const here = await whoIsHere(c)
        if (here?.by === 'cookie') {
          const principal = await joinBy(deps, request.invite, { id: here.principal, name: here.name })
          return c.json<SessionAnswer>(answerFor(principal), 200)
        }
        const { name } = request
        if (name === undefined)
          throw new TandemError('validation-failed', {
            reason: 'say a name',
            errors: ['name: say how others shall see you'],
          })
        const principal = await joinBy(deps, request.invite, { name }).catch((e: unknown) => {
          guesses.wrong(c)
          guesses.check(c)
          throw e
        })
        await signIn(deps, c, { principal })
        return c.json<SessionAnswer>(answerFor(principal), 201)
      },
    )
    .post(
      '/link',
      describe({
        tag: 'Sign-in',
        summary: 'A link that signs one browser in, once, as the key does that asks',
        answers: { 201: SignInLink },
      }),
      async (c) => {
        const { principal, via, by } = await callerOf(c)
        if (by !== 'key' || !('key' in via)) {
          throw new TandemError('forbidden', { reason: 'a sign-in link is made with an API key' })
        }
        audit.add({ actor: principal, action: 'session.link', object: via.key })
        return c.json<SignInLink>(links.make(via.key), 201)
      },
    )
    .get('/', describe({ tag: 'Sign-in', summary: 'Who is signed in', answers: { 200: SessionAnswer } }), async (c) => {
      const { principal, name } = await callerOf(c)
      return c.json<SessionAnswer>({ principal, name })
    })
    .delete('/', describe({ tag: 'Sign-in', summary: 'Sign out', answers: { 204: 'nothing' } }), async (c) => {
      const { principal, via, by } = await callerOf(c)
      forgetCookie(deps, c)
      if ('session' in via) {
        audit.add({ actor: principal, action: 'session.close', object: via.session })
        await sessions.close(via.session)
      } else if (by === 'key' && keys.get(via.key)?.kind === 'paired') {
        // A machine that signs out needs the key no more that it got when it was let in.
        audit.add({ actor: principal, action: 'key.remove', object: via.key, details: { reason: 'signed out' } })
        await keys.remove(via.key)
      }
      return c.body(null, 204)
    })
}
