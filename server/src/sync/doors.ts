import type { Connection } from '@hocuspocus/server'
import {
  TandemError,
  errorTable,
  isTandemError,
  mayRead,
  parseDocName,
  type Claims,
  type Clock,
  type DocPlace,
  type DocRef,
  type HoldsLease,
  type Id,
} from '@tandem/shared'
import type { Access } from '../auth/access.ts'
import type { Via } from '../auth/account.ts'
import type { Tokens } from '../auth/tokens.ts'
import { close, type Socket } from './socket.ts'

/** A token given at the upgrade, for documents that are asked for without one: a browser cannot send it. */
export const tokenHeader = 'x-daemon-token'

/** What is told of who was not let in. */
export type Refused = {
  code: string
  reason?: string
  /** The document, where it was not the whole socket. */
  name?: string
  principal?: string | undefined
  ip?: string | undefined
  origin?: string | undefined
  host?: string | undefined
}

/** What Hocuspocus carries along for each document connection. */
export type Context = { socket: Socket; doc: DocRef }

type Deps = {
  place: DocPlace
  tokens: Pick<Tokens, 'verify'>
  /** What the credential behind a token allows now. */
  access: Pick<Access, 'refresh' | 'mayWrite'>
  /** Whether what a daemon sends may pass; another may have taken over while it was away [S311]. */
  serves(daemonId: Id): boolean
  holdsLease: HoldsLease
  /** False while the store cannot write: everything is read-only then. */
  writable(): boolean
  maxDocsPerConnection: number
  maxConnectionsPerPerson: number
  /** How many sockets a principal has. */
  connectionsOf(principal: Id): number
  clock: Clock
}

export type Doors = {
  /** Who comes, to which document, and whether to write: throws `TandemError` for who must stay outside. */
  enter(socket: Socket, name: string, token: string): Promise<{ doc: DocRef; readOnly: boolean }>
  /** A fresh token for a socket that is inside already; adjusts what its connections may write. */
  renew(socket: Socket, token: string): Promise<void>
  /**
   * Looks again what a socket may do, after anything changed in who may: adjusts its connections, or ends it with 4401
   * where its key or session is gone, 4403 where its person is, and 4409 where another daemon serves in its place.
   */
  recheck(socket: Socket): void
  readOnly(doc: DocRef, claims: Claims): boolean
}

/** The table of architecture §3 at the door of every document, fail closed. */
export function createDoors(deps: Deps): Doors {
  const { place, tokens, access, holdsLease, writable, maxDocsPerConnection, clock } = deps
  const readOnly = (doc: DocRef, claims: Claims) => !writable() || !access.mayWrite(doc, claims, holdsLease)

  const asOf = (via: Via, given: Claims): { claims: Claims; asks: boolean } => {
    const claims = access.refresh(via, given)
    if (claims.kind === 'daemon' && !deps.serves(claims.principal)) throw new TandemError('workspace-served')
    const own = { kind: 'user', userId: claims.principal } as const
    return { claims, asks: access.mayWrite(own, claims, holdsLease) }
  }

  const identify = async (socket: Socket, token: string): Promise<Claims> => {
    // Thousands of documents come with the same token.
    if (socket.who?.token === token && socket.who.expiresAt > clock.now()) return socket.who.claims
    const { claims: given, via, expiresAt } = await tokens.verify(token)
    const { claims, asks } = asOf(via, given)
    if (claims.workspaceId !== place.workspaceId)
      throw new TandemError('forbidden', { reason: 'the token is for another workspace' })
    if (claims.epoch !== place.epoch)
      throw new TandemError('epoch-changed', { reason: 'the workspace was created anew' })
    const was = socket.who?.claims
    if (was && (was.principal !== claims.principal || was.kind !== claims.kind || was.session !== claims.session)) {
      throw new TandemError('forbidden', { reason: 'a socket belongs to one principal' })
    }
    const limit = deps.maxConnectionsPerPerson
    if (!socket.who && deps.connectionsOf(claims.principal) >= limit)
      throw new TandemError('rate-limited', { reason: 'too many connections of one person', limit })
    if (!socket.who || expiresAt >= socket.who.expiresAt) socket.who = { claims, asks, token, via, expiresAt }
    return claims
  }

  const adjust = (socket: Socket, claims: Claims) => {
    for (const connection of socket.connections) {
      const { doc } = (connection as Connection<Context>).context
      connection.readOnly = readOnly(doc, claims)
      if (!mayRead(doc, claims)) socket.close(close.forbidden, 'forbidden')
    }
  }

  return {
    readOnly,
    enter: async (socket, name, token) => {
      const claims = await identify(socket, token)
      const address = parseDocName(name)
      if (!address) throw new TandemError('not-found', { reason: 'there is no such document' })
      if (address.workspaceId !== place.workspaceId)
        throw new TandemError('forbidden', { reason: 'the document is of another workspace' })
      if (address.epoch !== place.epoch)
        throw new TandemError('epoch-changed', { reason: 'the workspace was created anew' })
      if (!mayRead(address.doc, claims))
        throw new TandemError('forbidden', { reason: 'this document is not yours to read' })
      if (socket.connections.size >= maxDocsPerConnection) {
        throw new TandemError('rate-limited', {
          reason: 'too many documents on one connection',
          limit: maxDocsPerConnection,
        })
      }
      return { doc: address.doc, readOnly: readOnly(address.doc, claims) }
    },
    renew: async (socket, token) => adjust(socket, await identify(socket, token)),
    recheck: (socket) => {
      if (!socket.who) return
      try {
        const { claims, asks } = asOf(socket.who.via, socket.who.claims)
        if (claims.role === socket.who.claims.role && asks === socket.who.asks) return
        socket.who = { ...socket.who, claims, asks }
        adjust(socket, claims)
      } catch (e) {
        const code = isTandemError(e) ? e.code : 'internal'
        const told = code === 'workspace-served' ? errorTable[code].close : undefined
        socket.close(told ?? (code === 'forbidden' ? close.forbidden : close.unauthorized), code)
        // What came before the close is not written either.
        for (const connection of socket.connections) connection.readOnly = true
        socket.who = undefined
      }
    },
  }
}
