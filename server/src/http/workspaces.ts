import { AccessTokenRequest, TandemError, type AccessToken, type Claims, type WorkspaceInfo } from '@tandem/shared'
import { Hono } from 'hono'
import type { Caller, Env, HttpDeps } from './deps.ts'
import { readBody } from './problem.ts'
import { requireRole } from './who.ts'

const infoFor = ({ workspace, updates }: HttpDeps, { role }: Caller): WorkspaceInfo => ({
  id: workspace.id,
  name: workspace.name,
  epoch: workspace.epoch,
  generation: workspace.generation,
  seq: updates.head(),
  role,
})

/** `GET /api/v1/workspaces`: the caller's workspaces. */
export const workspaceList = (deps: HttpDeps): Hono<Env> =>
  new Hono<Env>().get('/', requireRole(deps, 'viewer'), (c) => c.json({ workspaces: [infoFor(deps, c.var.caller)] }))

/** `POST …/access-token`: a session or key becomes a token that lives 300 s [S48]. */
export function accessTokenRoute(deps: HttpDeps): Hono<Env> {
  const { workspace, tokens, daemons, members, requests, clock, audit } = deps

  const claimsFor = async (caller: Caller, request: AccessTokenRequest): Promise<Claims> => {
    const place = { workspaceId: workspace.id, epoch: workspace.epoch, session: request.session }
    if (!request.daemon) {
      return {
        kind: 'user',
        principal: caller.principal,
        name: request.name ?? caller.name,
        role: caller.role,
        ...place,
      }
    }
    // A browser's cookie must not be enough to pose as the program that runs commands.
    if (caller.by !== 'key') throw new TandemError('forbidden', { reason: 'a daemon signs in with an API key' })
    await daemons.bind(caller, request.daemon)
    return { kind: 'daemon', principal: request.daemon.id, name: request.daemon.name, role: 'runner', ...place }
  }

  return new Hono<Env>().post('/', requireRole(deps, 'viewer'), async (c) => {
    const { caller } = c.var
    // A token must not mint its successor: who lost the key would stay for ever.
    if (caller.by === 'token') throw new TandemError('forbidden', { reason: 'sign in with a key or a session' })
    const claims = await claimsFor(caller, await readBody(c, AccessTokenRequest))
    const member = { id: claims.principal, name: claims.name, role: claims.role }
    const isNew = await members.see(member)
    await requests.show(member)
    if (isNew)
      audit.add({
        actor: caller.principal,
        action: 'member.seen',
        object: claims.principal,
        details: { name: claims.name, role: claims.role },
      })
    const { token, expiresAt } = await tokens.mint(claims)
    return c.json<AccessToken>({
      token,
      expiresAt,
      serverTime: clock.now(),
      claims,
      workspace: infoFor(deps, { ...caller, role: claims.role }),
    })
  })
}
