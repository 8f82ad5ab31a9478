import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Connection, Hocuspocus } from '@hocuspocus/server'
import {
  TandemError,
  errorTable,
  isTandemError,
  messageOf,
  problemFor,
  type Clock,
  type DocKind,
  type DocPlace,
  type Id,
  type Log,
  type Settings,
} from '@tandem/shared'
import { WebSocketServer } from 'ws'
import type { OriginCheck } from '../auth/origin.ts'
import type { UpdateLog } from '../store/log.ts'
import { createAddressOf } from './address.ts'
import { docPathOf } from './names.ts'
import { tokenHeader, type Context, type Refused } from './doors.ts'
import { createMessageRate } from './message-rate.ts'
import { close, createSocket, type Socket } from './socket.ts'

type Deps = {
  http: Server
  engine: Hocuspocus<Context>
  updates: UpdateLog
  place: DocPlace
  settings: Settings
  checkOrigin: OriginCheck
  clock: Clock
  log: Log
  onRefused(facts: Refused): void
}

/** Where clients connect; the second is the founding documents' address. */
const paths = new Set(['/api/ws', '/api/workspaces/ws'])

/** Takes WebSocket upgrades and hands their frames to the engine. Returns what pulse and shutdown need. */
export function acceptSockets(deps: Deps) {
  const { http, engine, updates, place, settings, clock, log } = deps
  const sockets = new Map<Id, Socket>()
  const server = new WebSocketServer({ noServer: true, maxPayload: settings.maxMessageBytes, perMessageDeflate: false })

  const addressOf = createAddressOf(settings)
  const addressFor = (request: IncomingMessage) =>
    addressOf({ remote: request.socket.remoteAddress, forwardedFor: forwardedFor(request) })
  const addresses = new WeakMap<Socket, string>()

  const check = (request: IncomingMessage): void => {
    const url = new URL(request.url ?? '/', 'http://server.invalid')
    if (!paths.has(url.pathname) && url.pathname !== settings.websocketPath)
      throw new TandemError('not-found', { reason: 'sockets are at /api/ws' })
    const refused = deps.checkOrigin({ host: request.headers.host, origin: request.headers.origin })
    if (refused) throw refused
    // A mistyped workspace would otherwise be refused once for each document; where none is named, it is the only one.
    const query = (name: string) => url.searchParams.get(name) ?? undefined
    const named = query('ws') ?? query('workspaceId') ?? request.headers['x-workspace-id']
    if (named !== undefined && named !== place.workspaceId)
      throw new TandemError('not-found', { reason: 'there is no such workspace' })
    if (sockets.size >= settings.maxConnections)
      throw new TandemError('rate-limited', { reason: 'too many connections', limit: settings.maxConnections })
    // Whoever signs in nowhere must not keep everybody else out.
    const limit = Math.ceil(settings.maxConnections / 2)
    const address = addressFor(request)
    const strangers = [...sockets.values()].filter((each) => !each.who && addresses.get(each) === address)
    if (strangers.length >= limit)
      throw new TandemError('rate-limited', { reason: 'too many connections that nobody has signed in on', limit })
  }

  const onUpgrade = (request: IncomingMessage, duplex: Duplex, head: Buffer) => {
    duplex.on('error', () => {
      // The peer went away before we answered.
    })
    try {
      check(request)
    } catch (e) {
      deps.onRefused({
        code: isTandemError(e) ? e.code : 'internal',
        reason: messageOf(e).slice(0, 300),
        ip: addressFor(request),
        origin: request.headers.origin?.slice(0, 300),
        host: request.headers.host?.slice(0, 300),
      })
      return refuse(duplex, e)
    }
    server.handleUpgrade(request, duplex, head, (ws) => {
      const pending = (name: string) => updates.pending(docPathOf(name))
      const { socket, face, heard } = createSocket({ ws, duplex, settings, clock, log, pending })
      sockets.set(socket.id, socket)
      addresses.set(socket, addressFor(request))
      socket.pause(updates.backlog.isFull())
      const connection = engine.handleConnection(face, requestFor(request), { socket, doc: { kind: 'presence' } })
      const hear = createMessageRate(settings.messagesPerSecond, clock)
      ws.on('message', (data: Buffer) => {
        const frame = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
        if (!heard(frame)) return
        const verdict = hear()
        if (verdict === 'close') return socket.close(errorTable['rate-limited'].close, 'rate-limited')
        if (verdict === 'tell') tellTooMany(socket, settings.messagesPerSecond)
        connection.handleMessage(frame)
      })
      ws.on('error', (error) => socket.log.warn('socket error', { error: error.message }))
      ws.on('close', (code, reason) => {
        sockets.delete(socket.id)
        connection.handleClose({ code, reason: reason.toString() })
      })
    })
  }
  http.on('upgrade', onUpgrade)
  updates.backlog.onState((full) => {
    log.warn(full ? 'disk slow, sockets are not read' : 'disk keeps up, sockets are read again', {
      waitingBytes: updates.backlog.bytes(),
    })
    for (const socket of sockets.values()) socket.pause(full)
  })

  return {
    sockets,
    /** Ends every socket, for instance with 1011 when the store fails. */
    closeAll: (code: number, reason: string) => {
      for (const socket of [...sockets.values()]) socket.close(code, reason)
    },
    stop: () => {
      http.off('upgrade', onUpgrade)
      for (const ws of server.clients) ws.close(close.goingAway, 'going-away')
      server.close()
      return () => {
        for (const ws of server.clients) ws.terminate()
      }
    },
  }
}

function tellTooMany(socket: Socket, perSecond: number): void {
  const message = `too many messages on one connection (perSecond ${perSecond})`
  socket.log.warn('too many messages', { perSecond, principal: socket.who?.claims.principal })
  const listens = [...socket.connections].find((each) =>
    tellsErrors.has((each as Connection<Context>).context.doc.kind),
  )
  const any = listens ?? [...socket.connections][0]
  any?.sendStateless(JSON.stringify({ t: 'error', code: 'rate-limited', message }))
}

/** The documents on whose channels clients listen for words of the server. */
const tellsErrors: ReadonlySet<DocKind> = new Set(['ops', 'daemon'])

const forwardedFor = ({ headers }: IncomingMessage): string | undefined => {
  const raw = headers['x-forwarded-for']
  return Array.isArray(raw) ? raw.join(',') : raw
}

/**
 * What the engine sees of the upgrade: the founding documents' header for a token [S6], no cookie. And no address: it
 * would read that anew at every hook of every message.
 */
function requestFor({ headers }: IncomingMessage): Request {
  const token = headers[tokenHeader]
  const init = typeof token === 'string' ? { headers: { [tokenHeader]: token } } : {}
  return Object.defineProperty(new Request('http://server.invalid', init), 'url', { value: '' })
}

function refuse(duplex: Duplex, e: unknown): void {
  const problem = problemFor(isTandemError(e) ? e : new TandemError('internal', {}, e))
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${problem.status} Refused`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    ...(problem.status === 429 ? ['retry-after: 5'] : []),
  ]
  duplex.end(head.join('\r\n') + '\r\n\r\n' + body)
}
