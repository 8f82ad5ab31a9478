import { TandemError, isTandemError, messageOf, type Id } from '@tandem/shared'
import { Hono, type Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { html } from 'hono/html'
import { attemptLifeMs, type Identified, type Oidc } from '../auth/oidc.ts'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { joinBy } from './join.ts'
import { signIn } from './sign-in.ts'
import { cookieName } from './who.ts'

const path = '/api/v1/oidc'

/** `/api/v1/oidc`: sign-in at a provider elsewhere; it ends in the same cookie as every other, or in a page that says why not. */
export function oidcRoutes(deps: HttpDeps, oidc: Oidc): Hono<Env> {
  const { workspace, publicUrl, refusals } = deps
  const ticketName = `${cookieName(workspace.id)}_oidc`
  const redirectUri = () => `${publicUrl()}${path}/callback`
  // Not `Strict` as a session: it is the provider's page that sends the browser back.
  const ticketOptions = () =>
    ({ httpOnly: true, sameSite: 'Lax', path, secure: publicUrl().startsWith('https:') }) as const

  const refuse = (c: Context<Env>, e: unknown) => {
    if (!isTandemError(e)) throw e
    const details = { code: e.code, detail: e.message, method: c.req.method, path: c.req.path }
    refusals.add('http', { actor: '', object: c.req.path, details })
    return failurePage(c, e)
  }

  return new Hono<Env>()
    .get(
      '/login',
      describe({
        tag: 'Sign-in',
        summary: 'Sign in at the OpenID Connect provider of this server',
        more: 'For browsers. `?invite=` takes an invite with it.',
        answers: { 302: 'nothing', 503: 'html' },
        open: true,
      }),
      async (c) => {
        const invite = c.req.query('invite')?.slice(0, 300)
        // The ticket must be set where the provider sends the browser back to. `moved`: a proxy may hide the name from us.
        if (c.req.header('host') !== new URL(publicUrl()).host && c.req.query('moved') === undefined) {
          const query = new URLSearchParams({ moved: '', ...(invite !== undefined && { invite }) })
          return c.redirect(`${publicUrl()}${path}/login?${query.toString()}`)
        }
        try {
          const { url, ticket } = await oidc.begin({ redirectUri: redirectUri(), invite })
          setCookie(c, ticketName, ticket, { ...ticketOptions(), maxAge: attemptLifeMs / 1_000 })
          c.header('cache-control', 'no-store')
          return c.redirect(url.href)
        } catch (e) {
          return refuse(c, e)
        }
      },
    )
    .get(
      '/callback',
      describe({
        tag: 'Sign-in',
        summary: 'Where the provider sends the browser back to',
        answers: { 303: 'nothing', 401: 'html', 403: 'html', 404: 'html', 503: 'html' },
        open: true,
      }),
      async (c) => {
        const ticket = getCookie(c, ticketName) ?? ''
        deleteCookie(c, ticketName, ticketOptions())
        try {
          const who = await oidc.finish(ticket, new URL(c.req.url).search)
          await signIn(deps, c, { principal: await personOf(deps, who) })
          c.header('cache-control', 'no-store')
          return c.redirect('/', 303)
        } catch (e) {
          return refuse(c, e)
        }
      },
    )
}

/**
 * The member who that is: known by the provider's word, or let in by an invite or by `oidcRole`. Throws `forbidden`
 * where nothing lets them in; who was removed needs an invite.
 */
async function personOf(deps: HttpDeps, { identity, name, invite }: Identified): Promise<Id> {
  const { users, members, settings, audit, requests } = deps
  const user = users.byIdentity(identity)
  if (invite !== undefined && invite !== '')
    return joinBy(deps, invite, user ? { id: user.id, name: user.name } : { name, identity })
  if (user && members.get(user.id)) return user.id
  if (user || settings.oidcRole === undefined) {
    const reason = `You came as ${name}, who is no member of this workspace. Ask an owner for an invite.`
    throw new TandemError('forbidden', { reason })
  }
  const { id } = await users.make({ name, identity })
  await members.add({ id, name, role: settings.oidcRole, kind: 'person' })
  audit.add({ actor: id, action: 'member.join', object: id, details: { name, role: settings.oidcRole, by: 'oidc' } })
  await requests.showMembers()
  return id
}

/** A page of plain words: nothing of it runs, and what it quotes is escaped. */
function failurePage(c: Context<Env>, e: TandemError) {
  const status = e.code === 'unauthorized' ? 401 : e.code === 'forbidden' ? 403 : e.code === 'not-found' ? 404 : 503
  c.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
  c.header('x-content-type-options', 'nosniff')
  c.header('referrer-policy', 'no-referrer')
  c.header('cache-control', 'no-store')
  return c.html(
    html`<!doctype html>
      <html lang="en">
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta name="color-scheme" content="light dark" />
        <title>Tandem: not signed in</title>
        <body style="font: 16px/1.5 system-ui; margin: 4rem auto; padding: 0 1rem; max-width: 40rem">
          <h1>Not signed in</h1>
          <p>${messageOf(e)}</p>
          <p><a href="/">Back to Tandem</a></p>
        </body>
      </html>`,
    status,
  )
}
