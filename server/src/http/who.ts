import { TandemError, atLeast, type Role } from '@tandem/shared'
import type { Context, MiddlewareHandler } from 'hono'
import { getCookie } from 'hono/cookie'
import type { Caller, Env, HttpDeps } from './deps.ts'

/** Cookies know no ports: the name keeps two servers on one machine apart. */
export const cookieName = (workspaceId: string): string => `tandem_${workspaceId.slice(-8).toLowerCase()}`

/**
 * Finds out who asks: `Authorization: Bearer` with an API key or an access token, else the session cookie. Throws
 * `unauthorized` for nobody, and `origin-refused` where a cookie would change something on the word of a page that
 * does not say it is ours.
 */
export function identify({ keys, sessions, tokens, workspace }: HttpDeps): (c: Context<Env>) => Promise<Caller> {
  const byBearer = async (secret: string): Promise<Caller | undefined> => {
    const account = await keys.verify(secret)
    if (account) return { ...account, by: 'key', daemon: false }
    if (secret.startsWith('tdm_')) return undefined
    const { claims } = await tokens.verify(secret)
    if (claims.workspaceId !== workspace.id) return undefined
    return {
      principal: claims.principal,
      name: claims.name,
      role: claims.role,
      by: 'token',
      daemon: claims.kind === 'daemon',
    }
  }
  return async (c) => {
    const [, secret] = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? []
    if (secret !== undefined) {
      const caller = await byBearer(secret)
      if (!caller) throw new TandemError('unauthorized', { reason: 'the key is not valid' })
      return caller
    }
    const cookie = getCookie(c, cookieName(workspace.id))
    const session = cookie === undefined ? undefined : await sessions.find(cookie)
    if (!session || !(await keys.has(session.keyId)))
      throw new TandemError('unauthorized', { reason: 'nobody is signed in' })
    const changes = c.req.method !== 'GET' && c.req.method !== 'HEAD'
    // That a named origin is ours was checked before; browsers name it on every request that changes something.
    if (changes && c.req.header('origin') === undefined) {
      throw new TandemError('origin-refused', { reason: 'a signed-in page must say where it comes from' })
    }
    return { ...session, by: 'cookie', daemon: false }
  }
}

/** Lets only members of at least that role pass; leaves the caller in `c.var.caller`. */
export function requireRole(deps: HttpDeps, least: Role): MiddlewareHandler<Env> {
  const callerOf = identify(deps)
  return async (c, next) => {
    const caller = await callerOf(c)
    if (!atLeast(caller.role, least))
      throw new TandemError('forbidden', { reason: `this needs the role ${least}`, role: caller.role })
    c.set('caller', caller)
    await next()
  }
}
