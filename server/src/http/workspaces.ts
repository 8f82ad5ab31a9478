import {
  AccessToken,
  AccessTokenRequest,
  TandemError,
  WorkspaceList,
  type Claims,
  type WorkspaceInfo,
} from '@tandem/shared'
import { Hono } from 'hono'
import type { Caller, Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { readBody } from './problem.ts'
import { requireRole } from './who.ts'

const infoFor = ({ workspace, updates }: HttpDeps, role: Claims['role']): WorkspaceInfo => ({
  id: workspace.id,
  name: workspace.name,
  epoch: workspace.epoch,
  generation: workspace.generation,
  seq: updates.head(),
  role,
})

/** `GET /api/v1/workspaces`: the caller's workspaces. */
export const workspaceList = (deps: HttpDeps): Hono<Env> =>
  new Hono<Env>().get(
    '/',
    describe({ tag: 'Sign-in', summary: 'Your workspaces', answers: { 200: WorkspaceList } }),
    requireRole(deps, 'viewer'),
    (c) => c.json({ workspaces: [infoFor(deps, c.var.caller.role)] }),
  )

/** `POST …/access-token`: a session or key becomes a token that lives 300 s [S48], and ends with it. */
export function accessTokenRoute(deps: HttpDeps): Hono<Env> {
  const { workspace, keys, sessions, tokens, access, daemons, lease, members, users, requests, clock, audit } = deps

  const claimsFor = async (caller: Caller, { session, name, daemon }: AccessTokenRequest): Promise<Claims> => {
    const place = { workspaceId: workspace.id, epoch: workspace.epoch, session }
    if (!daemon) {
      const { principal } = caller
      const asked = name || caller.name
      const keyId = 'key' in caller.via ? caller.via.key : sessions.get(caller.via.session)?.keyId
      const isThemselves = keyId === undefined || keys.get(keyId)?.kind === 'owner'
      // A script, or a browser signed in by its key, may go by a name of its own, beside that of whose key it has: it neither renames them nor hides them.
      const called = isThemselves || asked === caller.name ? asked : `${caller.name} (${asked})`.slice(0, 80)
      if (isThemselves) await Promise.all([members.rename(principal, called), users.rename(principal, called)])
      return access.refresh(caller.via, { kind: 'user', principal, name: called, role: caller.role, ...place })
    }
    // A browser's cookie must not be enough to pose as the program that runs commands.
    if (caller.by !== 'key') throw new TandemError('forbidden', { reason: 'a daemon signs in with an API key' })
    if (!caller.scopes.has('daemon'))
      throw new TandemError('forbidden', { reason: 'this needs a key with the scope daemon', scope: 'daemon' })
    const isNew = members.get(daemon.id) === undefined
    // Who is sent away leaves no trace among the members.
    daemons.check(caller, daemon)
    lease.check(daemon)
    await daemons.bind(caller, { id: daemon.id, name: daemon.name })
    const serves = await lease.claim(daemon)
    if (isNew)
      audit.add({ actor: caller.principal, action: 'daemon.join', object: daemon.id, details: { name: daemon.name } })
    if (serves) {
      const details = { name: daemon.name, shared: daemon.shared }
      audit.add({ actor: caller.principal, action: 'daemon.serves', object: daemon.id, details })
    }
    const claims = { kind: 'daemon', principal: daemon.id, name: daemon.name, role: caller.role, ...place } as const
    return access.refresh(caller.via, claims)
  }

  return new Hono<Env>().post(
    '/',
    describe({
      tag: 'Sign-in',
      summary: 'A token of five minutes for sockets',
      more: 'It ends with the key or session that it was asked for with, at once.',
      body: AccessTokenRequest,
      answers: { 200: AccessToken },
    }),
    requireRole(deps, 'viewer'),
    async (c) => {
      const { caller } = c.var
      // A token must not mint its successor: who lost the key would stay for ever.
      if (caller.by === 'token') throw new TandemError('forbidden', { reason: 'sign in with a key or a session' })
      const claims = await claimsFor(caller, await readBody(c, AccessTokenRequest))
      await requests.showMembers()
      const { token, expiresAt } = await tokens.mint(claims, caller.via, access.of(caller.via).expiresAt)
      return c.json<AccessToken>({
        token,
        expiresAt,
        serverTime: clock.now(),
        claims,
        workspace: infoFor(deps, claims.role),
      })
    },
  )
}
