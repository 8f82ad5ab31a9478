import {
  TandemError,
  atLeast,
  mayWrite,
  scopes,
  type Claims,
  type DocRef,
  type HoldsLease,
  type Id,
} from '@tandem/shared'
import { documentRole, lesser, type Account, type Scopes, type Via } from './account.ts'
import type { ApiKeys } from './api-keys.ts'
import { daemonRole, type DaemonBindings } from './daemons.ts'
import type { Members } from './members.ts'
import type { Sessions } from './sessions.ts'

/** What a credential is good for at this moment. */
export type Standing = Account & {
  scopes: Scopes
  /** When the key behind it ends, ms. */
  expiresAt: number | undefined
  /** The workspaces that key is for; undefined for all. */
  workspaces: readonly Id[] | undefined
}

export type Access = {
  /** Throws `unauthorized` where the key or session is gone, `forbidden` where its person is no member any more. */
  of(via: Via): Standing
  /** The same claims as they are true now. Throws as `of`, and `forbidden` where the daemon is not that account's. */
  refresh(via: Via, claims: Claims): Claims
  /**
   * The table of who may change a document, and this: what is asked for in a person's own documents is done in the
   * person's own right, so a key that has less asks for nothing there.
   */
  mayWrite(doc: DocRef, claims: Claims, holdsLease: HoldsLease): boolean
  /** Told, in the same step, of anything that may have changed an answer. */
  onChange(listen: () => void): () => void
}

type Deps = { workspaceId: Id; keys: ApiKeys; sessions: Sessions; members: Members; daemons: DaemonBindings }

const everything: Scopes = new Set(scopes)

/**
 * What every credential allows, looked up now and never frozen in it: the member's role, narrowed by the key. A
 * session allows what the key allows that opened it.
 */
export function createAccess({ workspaceId, keys, sessions, members, daemons }: Deps): Access {
  const listeners = new Set<() => void>()
  for (const { onChange } of [keys, sessions, members]) {
    onChange(() => {
      for (const listen of [...listeners]) listen()
    })
  }
  const of = (via: Via): Standing => {
    const session = 'session' in via ? sessions.get(via.session) : undefined
    if ('session' in via && !session) throw new TandemError('unauthorized', { reason: 'the session has ended' })
    const keyId = 'key' in via ? via.key : session?.keyId
    const key = keyId === undefined ? undefined : keys.get(keyId)
    if (keyId !== undefined && !key) throw new TandemError('unauthorized', { reason: 'the key is not valid any more' })
    if (key?.workspaces && !key.workspaces.includes(workspaceId))
      throw new TandemError('forbidden', { reason: 'the key is for other workspaces' })
    const principal = session?.principal ?? key?.principal
    const member = principal === undefined ? undefined : members.get(principal)
    if (!member) throw new TandemError('forbidden', { reason: 'you are not a member of this workspace any more' })
    return {
      principal: member.id,
      name: member.name,
      role: key ? lesser(member.role, key.role) : member.role,
      scopes: key ? new Set(key.scopes) : everything,
      expiresAt: key?.expiresAt,
      workspaces: key?.workspaces,
    }
  }

  const refresh = (via: Via, claims: Claims): Claims => {
    const standing = of(via)
    if (claims.kind === 'user') {
      if (standing.principal !== claims.principal) throw notYours()
      requireScope(standing, 'read')
      return { ...claims, role: documentRole(standing) }
    }
    requireScope(standing, 'daemon')
    if (!atLeast(standing.role, daemonRole))
      throw new TandemError('forbidden', { reason: `running a daemon needs the role ${daemonRole}` })
    if (daemons.ownerOf(claims.principal) !== standing.principal) throw notYours()
    if (members.get(claims.principal)?.kind !== 'daemon')
      throw new TandemError('forbidden', { reason: 'this daemon was removed from the workspace' })
    return { ...claims, role: daemonRole }
  }

  return {
    of,
    refresh,
    mayWrite: (doc, claims, holdsLease) => {
      const speaksForMember = doc.kind === 'requests' || doc.kind === 'user'
      const isNarrowed = members.get(claims.principal)?.role !== claims.role && !atLeast(claims.role, 'runner')
      return mayWrite(doc, claims, holdsLease) && !(speaksForMember && isNarrowed)
    },
    onChange: (listen) => {
      listeners.add(listen)
      return () => listeners.delete(listen)
    },
  }
}

const requireScope = ({ scopes: allowed }: Standing, scope: 'read' | 'daemon') => {
  if (!allowed.has(scope)) throw new TandemError('forbidden', { reason: `this key lacks the scope ${scope}` })
}

const notYours = () => new TandemError('forbidden', { reason: 'the token is of another account' })
