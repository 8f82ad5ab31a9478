import { isLoopback } from '@tandem/shared'
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { sessionLifeMs, type SessionOwner } from '../auth/sessions.ts'
import { browserName } from './browser-name.ts'
import type { Env, HttpDeps } from './deps.ts'
import { cookieName } from './who.ts'

const options = { httpOnly: true, sameSite: 'Strict', path: '/' } as const

/** Signs this browser in: every way of signing in ends here, in the same cookie that no script can read. */
export async function signIn(deps: HttpDeps, c: Context<Env>, owner: SessionOwner): Promise<void> {
  const { sessions, workspace, audit } = deps
  const name = cookieName(workspace.id)
  const cookie = await sessions.open(owner, {
    browser: browserName(c.req.header('user-agent')),
    cookie: getCookie(c, name),
  })
  // Behind a TLS proxy the page's origin is checked to be ours, and says that it came over TLS.
  const secure = askedFrom(deps, c).startsWith('https:')
  setCookie(c, name, cookie, { ...options, secure, maxAge: Math.floor(sessionLifeMs / 1000) })
  audit.add({ actor: owner.principal, action: 'session.open', object: sessions.find(cookie) ?? '' })
}

export function forgetCookie({ workspace }: HttpDeps, c: Context<Env>): void {
  deleteCookie(c, cookieName(workspace.id), options)
}

/** The address of our page for links that others shall open: as the asker has it, where that reaches further than here. */
export function pageUrl({ settings, publicUrl }: HttpDeps, c: Context<Env>): string {
  const asked = askedFrom({ settings }, c)
  return settings.publicUrl !== undefined || isLoopback(new URL(asked).hostname) ? publicUrl() : asked
}

/** A page's origin, or the address that a program used; checked to be ours before. */
function askedFrom({ settings: { publicUrl } }: Pick<HttpDeps, 'settings'>, c: Context<Env>): string {
  const origin = c.req.header('origin')
  if (origin !== undefined) return origin
  // Browsers do not name the page that a link led from; a proxy before us has taken the TLS away.
  const isPublic = publicUrl !== undefined && new URL(publicUrl).host === c.req.header('host')
  return isPublic ? new URL(publicUrl).origin : new URL(c.req.url).origin
}
