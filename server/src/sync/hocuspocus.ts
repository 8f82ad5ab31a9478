import { Hocuspocus, type Connection, type Document, isTransactionOrigin } from '@hocuspocus/server'
import {
  FromDaemon,
  docName,
  docPath,
  errorTable,
  isTandemError,
  messageOf,
  parseDocName,
  parseMessage,
  type Claims,
  type DocPlace,
  type DocRef,
  type Id,
  type Log,
  type Settings,
} from '@tandem/shared'
import * as Y from 'yjs'
import type { UpdateLog } from '../store/log.ts'
import type { AppendMeta } from '../store/store.ts'
import { tokenHeader, type Context, type Doors, type Refused } from './doors.ts'
import { guard, refusal } from './guard.ts'
import { keepOutput } from './keep-output.ts'
import { stampPresence } from './presence.ts'
import { watchPending } from './pending.ts'
import { createRoom } from './room.ts'
import { createSizeGuard, readUpdate } from './size.ts'
import { close } from './socket.ts'
import { createTurns } from './turns.ts'
import { writersIn } from './writers.ts'

/** Where the server's own changes come from; Hocuspocus hands it back as the transaction's origin. */
export type LocalOrigin = { source: 'local'; skipStoreHooks: true; context: AppendMeta }
export const localOrigin = (meta: AppendMeta): LocalOrigin => ({ source: 'local', skipStoreHooks: true, context: meta })

export type DaemonEvents = {
  onMessage(daemonId: Id, message: FromDaemon): Promise<void>
  onConnected(daemonId: Id, name: string): Promise<void>
  onGone(daemonId: Id): Promise<void>
}

type Deps = {
  place: DocPlace
  serverId: Id
  updates: UpdateLog
  doors: Doors
  daemons: DaemonEvents
  settings: Settings
  log: Log
  onLoaded(document: Document): void
  /** A client opened `ops`: it is told where the workspace stands. */
  onOps(connection: Connection<Context>): void
  onRefused(facts: Refused): void
  /** Somebody asks something over their own requests document's channel [S83]; resolves with the answer. */
  onAsk(claims: Claims, payload: string): Promise<string>
}

/**
 * The sync engine: Hocuspocus keeps documents in memory and speaks the protocol; what is kept, and who may do what,
 * is ours. Every hook is guarded: a throw in six of them would end the process.
 */
export function createEngine(deps: Deps): Hocuspocus<Context> {
  const { place, updates, doors, daemons, settings, log } = deps
  const guarded = guard(log)
  const size = createSizeGuard(settings.maxDocBytes)
  const requireRoom = createRoom(updates, settings)
  const serverMeta: AppendMeta = { author: deps.serverId, origin: 'server' }

  const metaOf = (origin: unknown): AppendMeta => {
    if (!isTransactionOrigin(origin)) return serverMeta
    if (origin.source === 'local') return (origin.context as AppendMeta | undefined) ?? serverMeta
    if (origin.source !== 'connection') return serverMeta
    const { socket } = origin.connection.context as Context
    return { author: socket.who?.claims.principal ?? deps.serverId, origin: 'socket' }
  }

  /** Every change, whoever made it, goes into the log in the same step in which it is made. */
  const keep = (document: Document, doc: string) => {
    const state = () => Y.encodeStateAsUpdate(document)
    const append = (update: Uint8Array, origin: unknown, clients?: readonly number[]) => {
      updates.append(doc, update, metaOf(origin), state, clients)
    }
    document.on('update', (update: Uint8Array, origin: unknown, _doc: Y.Doc, transaction: Y.Transaction) =>
      append(update, origin, writersIn(transaction)),
    )
    watchPending(document, append, log.with({ doc }))
  }

  const daemonOf = (doc: DocRef, { socket }: Context): Id | undefined => {
    const claims = socket.who?.claims
    return doc.kind === 'daemon' && claims?.kind === 'daemon' && claims.principal === doc.daemonId
      ? doc.daemonId
      : undefined
  }

  /** How many connections each daemon has: while it reconnects there are two, and it is not gone. */
  const present = new Map<Id, number>()
  /** The one of them on which it is heard: what comes late on an older one may be a dead process's last word. */
  const newest = new Map<Id, Connection<Context>>()

  const join = async (connection: Connection<Context>, context: Context) => {
    const { socket, doc } = context
    // What it may do may have changed since it was let in; from here on `recheck` reaches it.
    if (!socket.who) return socket.close(close.unauthorized, 'unauthorized')
    connection.readOnly = doors.readOnly(doc, socket.who.claims)
    socket.connections.add(connection)
    const daemonId = daemonOf(doc, context)
    connection.onClose((_document, event) => {
      socket.connections.delete(connection)
      // What its client did not ask for is an error of ours or its: a closed document on an open socket never syncs again.
      if (event?.code !== 1000) socket.close(close.reset, event?.reason ?? 'document closed')
      if (daemonId === undefined) return
      const left = (present.get(daemonId) ?? 1) - 1
      present.set(daemonId, left)
      if (newest.get(daemonId) === connection) newest.delete(daemonId)
      if (left === 0) guarded.quietly('onGone', () => daemons.onGone(daemonId))
    })
    if (doc.kind === 'ops') deps.onOps(connection)
    if (daemonId === undefined) return
    present.set(daemonId, (present.get(daemonId) ?? 0) + 1)
    newest.set(daemonId, connection)
    await daemons.onConnected(daemonId, socket.who?.claims.name ?? 'daemon')
  }

  const inTurn = createTurns()
  const ask = async (connection: Connection, payload: string) => {
    const { socket } = connection.context as Context
    const answered = inTurn(socket, async () => {
      // Whoever it is by then: what it may do may have changed while it waited.
      if (socket.who) connection.sendStateless(await deps.onAsk(socket.who.claims, payload))
    })
    if (answered) return answered
    const message = 'too many messages at once: wait for their answers'
    connection.sendStateless(JSON.stringify({ t: 'error', code: 'rate-limited', message }))
  }

  const hear = async (daemonId: Id, message: FromDaemon) => {
    if (message.t !== 'writes-as') return daemons.onMessage(daemonId, message)
    const { clients, cause } = message
    await updates.write(updates.authors.declare(clients, { principal: daemonId, cause }))
  }

  const hocuspocus = new Hocuspocus<Context>({
    quiet: true,
    // The server's pulse decides who is dead; this timer would end sockets that only answer pings.
    timeout: 2 ** 30,
    // With the defaults more than 100 documents on one socket never connect.
    maxPendingDocuments: settings.maxDocsPerConnection,
    maxUnauthenticatedQueueMessages: settings.maxDocsPerConnection * 10,
    maxUnauthenticatedQueueSize: settings.maxMessageBytes * 2,

    onAuthenticate: async ({ token, documentName, connectionConfig, context, requestHeaders }) => {
      const { socket } = context
      try {
        const given = token || requestHeaders.get(tokenHeader) || ''
        const { doc, readOnly } = await doors.enter(socket, documentName, given)
        connectionConfig.readOnly = readOnly
        return { doc }
      } catch (e) {
        const code = isTandemError(e) ? e.code : 'internal'
        deps.onRefused({ name: documentName.slice(0, 200), code, principal: socket.who?.claims.principal })
        // One connection too many of one person: nothing on it would be let in.
        if (code === 'rate-limited' && !socket.who) socket.close(errorTable[code].close, messageOf(e))
        throw refusal(code)
      }
    },
    onTokenSync: async ({ token, context }) => {
      const { socket } = context
      try {
        await doors.renew(socket, token)
      } catch (e) {
        const code = isTandemError(e) ? e.code : 'internal'
        const principal = socket.who?.claims.principal
        socket.log.warn('token refused', { code, principal })
        deps.onRefused({ code, reason: 'a fresh token was refused', principal })
        socket.close(close.unauthorized, code)
      }
    },
    onLoadDocument: async ({ documentName, document }) => {
      const doc = pathOf(documentName)
      try {
        const update = await updates.load(doc)
        if (update) Y.applyUpdate(document, update)
      } catch (e) {
        log.error('document not loaded', { doc, error: e })
        // Hocuspocus forgets it, but its awareness timer would run for ever.
        document.destroy()
        throw refusal(isTandemError(e) ? e.code : 'internal')
      }
    },
    afterLoadDocument: async ({ document, documentName }) => {
      const doc = pathOf(documentName)
      if (doc.startsWith('log/')) keepOutput({ document, doc, updates, metaOf, log })
      else keep(document, doc)
      deps.onLoaded(document)
    },
    connected: guarded.hook('connected', async ({ connection, documentName, context, instance }) => {
      // A join that lands while the document is being unloaded gets a dead copy: edits acknowledged, never kept.
      if (instance.documents.get(documentName) !== connection.document)
        return context.socket.close(close.reset, 'stale document')
      await join(connection, context)
    }),
    beforeSync: async ({ type, payload, connection, document, context }) => {
      if (type === 0) return
      const { socket, doc } = context
      const claims = socket.who?.claims
      if (!claims) throw refusal('unauthorized')
      if (doc.kind === 'log') connection.readOnly = doors.readOnly(doc, claims)
      if (connection.readOnly) return
      // What was read before its socket was closed: its client keeps it, the server need not.
      if (updates.failure()) throw refusal('store-failed')
      const update = readUpdate(payload)
      if (!update) {
        socket.log.warn('update unreadable', { doc: docPath(doc), bytes: payload.length, principal: claims.principal })
        socket.close(close.invalid, 'bad-request')
        throw refusal('bad-request')
      }
      const stat = updates.stat(docPath(doc))
      const keptBytes = (stat?.snapshotBytes ?? 0) + (stat?.tailBytes ?? 0)
      if (!size.admits(document, update, keptBytes)) return size.refuse(connection, socket.log, docPath(doc))
      if (stat || !update.adds) return
      try {
        requireRoom(doc)
      } catch (e) {
        size.refuse(connection, socket.log, docPath(doc), messageOf(e))
      }
    },
    afterHandleMessage: async ({ connection, context }) => {
      if (!size.wasRefused(connection)) return
      const claims = context.socket.who?.claims
      if (claims) connection.readOnly = doors.readOnly(context.doc, claims)
    },
    beforeHandleAwareness: async ({ states, document, connection, context }) => {
      const claims = context?.socket.who?.claims
      if (!claims || context?.doc.kind !== 'presence') return states.clear()
      const others = [...document.connections].filter(([other]) => other !== connection)
      stampPresence({ states, claims, isForeign: (client) => others.some(([, { clients }]) => clients.has(client)) })
    },
    onStateless: guarded.hook('onStateless', async ({ connection, payload }) => {
      const context = connection.context as Context
      // Only its own principal ever has a requests document open.
      if (context.doc.kind === 'requests') return ask(connection, payload)
      const daemonId = daemonOf(context.doc, context)
      // It repeats what nobody answered.
      if (daemonId === undefined || newest.get(daemonId) !== connection) return
      const parsed = parseMessage(FromDaemon, payload)
      if ('message' in parsed) return hear(daemonId, parsed.message)
      context.socket.log.warn('message refused', { issues: parsed.issues.slice(0, 5), daemon: daemonId })
      connection.sendStateless(
        JSON.stringify({
          t: 'error',
          code: 'validation-failed',
          message: parsed.issues[0] ?? '',
          details: parsed.issues.slice(0, 5),
        }),
      )
    }),
    beforeUnloadDocument: async ({ documentName }) => {
      // Its memory is the only copy of what is not on disk yet.
      try {
        await updates.pending(pathOf(documentName))
      } catch {
        throw refusal('store-failed')
      }
    },
  })

  const pathOf = (name: string): string => {
    const address = parseDocName(name)
    if (!address || docName(place, address.doc) !== name) throw refusal('not-found')
    return docPath(address.doc)
  }
  return hocuspocus
}
