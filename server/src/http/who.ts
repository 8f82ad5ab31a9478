import { TandemError, atLeast, type Role, type Scope } from '@tandem/shared'
import type { Context, MiddlewareHandler } from 'hono'
import { getCookie } from 'hono/cookie'
import { readBodyFirst } from './body.ts'
import type { Caller, Env, HttpDeps } from './deps.ts'
import { requireScope, scopeFor } from './scopes.ts'

/** Cookies know no ports: the name keeps two servers on one machine apart. */
export const cookieName = (workspaceId: string): string => `tandem_${workspaceId.slice(-8).toLowerCase()}`

/** The secret of `Authorization: Bearer`, where there is one. */
export const bearerOf = (c: Context<Env>): string | undefined =>
  /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]

/** What a daemon does over REST with its access token: it reads and writes files, and nothing in its owner's name. */
const daemonScopes: ReadonlySet<Scope> = new Set(['read', 'files:write', 'daemon'])

/**
 * Finds out who asks: `Authorization: Bearer` with an API key or an access token, else the session cookie; and what
 * that allows now. Throws `unauthorized` for nobody, `forbidden` for who is no member, and `origin-refused` where a
 * cookie would change something on the word of a page that does not say it is ours.
 */
export function identify({
  keys,
  sessions,
  tokens,
  access,
  lease,
  audit,
  workspace,
}: HttpDeps): (c: Context<Env>) => Promise<Caller> {
  const byBearer = async (secret: string): Promise<Caller> => {
    const keyId = keys.verify(secret)
    if (keyId !== undefined) {
      const via = { key: keyId }
      const caller: Caller = { ...access.of(via), by: 'key', daemon: false, via }
      if (keys.touch(keyId)) audit.add({ actor: caller.principal, action: 'key.use', object: keyId })
      return caller
    }
    if (secret.split('.').length !== 3) throw new TandemError('unauthorized', { reason: 'the key is not valid' })
    const { claims, via, expiresAt } = await tokens.verify(secret)
    if (claims.workspaceId !== workspace.id)
      throw new TandemError('unauthorized', { reason: 'the token is for another workspace' })
    const { principal, name, role } = access.refresh(via, claims)
    const daemon = claims.kind === 'daemon'
    if (daemon && !lease.holds(principal))
      throw new TandemError('workspace-served', { reason: 'another daemon serves this workspace now' })
    const { workspaces, ...standing } = access.of(via)
    const scopes = daemon ? daemonScopes : standing.scopes
    return { principal, name, role, by: 'token', daemon, via, scopes, expiresAt, workspaces }
  }
  return async (c) => {
    const secret = bearerOf(c)
    if (secret !== undefined) return byBearer(secret)
    const cookie = getCookie(c, cookieName(workspace.id))
    const session = cookie === undefined ? undefined : sessions.find(cookie)
    if (session === undefined) throw new TandemError('unauthorized', { reason: 'nobody is signed in' })
    const changes = c.req.method !== 'GET' && c.req.method !== 'HEAD'
    // That a named origin is ours was checked before; browsers name it on every request that changes something.
    if (changes && c.req.header('origin') === undefined) {
      throw new TandemError('origin-refused', { reason: 'a signed-in page must say where it comes from' })
    }
    const via = { session }
    return { ...access.of(via), by: 'cookie', daemon: false, via }
  }
}

/**
 * Lets only members of at least that role pass, with a key that is for this; leaves the caller in `c.var.caller`, and
 * the body, but for the one that is a stream, read whole.
 */
export function requireRole(deps: HttpDeps, least: Role): MiddlewareHandler<Env> {
  const { settings, workspace } = deps
  const callerOf = identify(deps)
  const streams = `/api/v1/workspaces/${workspace.id}/bulk/put`
  const admit = async (c: Context<Env>) => {
    const caller = await callerOf(c)
    c.set('caller', caller)
    requireScope(caller, scopeFor(c.req.method, c.req.path))
    if (!atLeast(caller.role, least))
      throw new TandemError('forbidden', { reason: `this needs the role ${least}`, role: caller.role })
  }
  // A body may take minutes to come: what held when it began may hold no more.
  const afterBody = readBodyFirst(settings, async (c, next) => {
    await admit(c)
    await next()
  })
  const pass: MiddlewareHandler<Env> = async (c, next) => {
    await admit(c)
    await (c.req.path === streams ? next() : afterBody(c, next))
  }
  return Object.assign(pass, { least })
}

/** The role that a handler asks for, if it is one that does: for the description of its route. */
export const leastOf = (handler: unknown): Role | undefined =>
  typeof handler === 'function' && 'least' in handler ? (handler as { least: Role }).least : undefined

/**
 * As `requireRole`, for what gives access to others or to more programs: not with an access token, which is for
 * sockets and in the hands of a page's scripts. Who lost the key behind it would stay for ever.
 */
export function requireSignedIn(deps: HttpDeps, least: Role): MiddlewareHandler<Env> {
  const pass = requireRole(deps, least)
  const passSignedIn: MiddlewareHandler<Env> = (c, next) =>
    pass(c, async () => {
      if (c.var.caller.by === 'token') throw new TandemError('forbidden', { reason: 'sign in with a key or a session' })
      await next()
    })
  return Object.assign(passSignedIn, { least })
}

/** Aborts when the caller or the server go, and when what the caller showed stands no more: for answers that stream. */
export function endOf({ access, members, clock, signal }: HttpDeps, c: Context<Env>): AbortSignal {
  const { via, daemon, principal, expiresAt } = c.var.caller
  const ended = new AbortController()
  let cancel = () => {}
  const check = () => {
    cancel()
    try {
      access.of(via)
      const isOver = expiresAt !== undefined && clock.now() >= expiresAt
      if (isOver || (daemon && !members.get(principal))) return ended.abort()
      // No timer runs for longer than so many ms.
      if (expiresAt !== undefined) cancel = clock.after(Math.min(expiresAt - clock.now(), 2 ** 31 - 1), check)
    } catch {
      ended.abort() // Whatever the reason: it is over.
    }
  }
  const stop = access.onChange(check)
  const all = AbortSignal.any([signal, c.req.raw.signal, ended.signal])
  all.addEventListener(
    'abort',
    () => {
      cancel()
      stop()
    },
    { once: true },
  )
  check()
  return all
}
