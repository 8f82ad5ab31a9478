import type { Duplex } from 'node:stream'
import type { Connection } from '@hocuspocus/server'
import { createId, type Claims, type Clock, type Id, type Log, type Settings } from '@tandem/shared'
import type { WebSocket } from 'ws'
import type { Via } from '../auth/account.ts'
import { createGate } from './gate.ts'

/** Close codes of ours beside those of the error table. */
export const close = {
  stale: 1000,
  reset: 4205,
  unauthorized: 4401,
  forbidden: 4403,
  timeout: 4408,
  invalid: 1007,
  failed: 1011,
  goingAway: 1001,
} as const

/**
 * Who a socket is, once a document on it was authenticated, and whether it may ask for something in that person's own
 * right. A socket belongs to one principal.
 */
export type Who = { claims: Claims; asks: boolean; token: string; via: Via; expiresAt: number }

/** Times in ms; `rttMs` is how long the last answered ping took, there and back. */
export type Health = { openedAt: number; heardAt: number; bytesIn: number; rttMs: number | undefined }

/** One client's WebSocket, with all its documents. */
export type Socket = {
  readonly id: Id
  readonly log: Log
  who: Who | undefined
  /** Established document connections. */
  readonly connections: Set<Connection>
  /** When the client was last asked for a fresh token, ms. */
  askedAt: number
  /** How the connection does [S30]. */
  health(): Health
  /** Ends the whole socket: closing one document only would leave a zombie that never syncs again. */
  close(code: number, reason: string): void
  /** While the disk cannot keep up nothing is read from the socket: what is sent waits on the other side [LOG-41]. */
  pause(paused: boolean): void
  /** Called at every beat of the server's pulse: pings, and ends what is dead, unauthenticated or expired. */
  pulse(lateMs: number): void
}

/** What Hocuspocus sees of the socket: its sends pass the gate and the limit of buffered bytes. */
export type SocketFace = {
  send(data: unknown): void
  close(code?: number, reason?: string): void
  readonly readyState: number
}

type Deps = {
  ws: WebSocket
  /** What `ws` writes to. */
  duplex: Duplex
  settings: Settings
  clock: Clock
  log: Log
  pending(name: string): Promise<void> | undefined
}

/** The protocol's own ping; clients of Hocuspocus answer it with `[10]`. */
const ping = Uint8Array.of(9)
const isPong = (data: Uint8Array): boolean => data.length === 1 && data[0] === 10

/** Bytes that a socket may send before any document on it was authenticated. */
export const maxStrangerBytes = 8 * 2 ** 20

export function createSocket({ ws, duplex, settings, clock, log, pending }: Deps): {
  socket: Socket
  face: SocketFace
  /** Called with each frame: false where nobody needs to read it. */
  heard(frame: Uint8Array): boolean
} {
  const id = createId()
  let openedAt = clock.now()
  let heardAt = openedAt
  let bytesIn = 0
  let pingedAt: number | undefined
  let rttMs: number | undefined
  const socketLog = log.with({ socket: id })

  const closeSocket = (code: number, reason: string) => {
    if (ws.readyState !== ws.OPEN) return
    socketLog.info('socket closed', { code, reason, principal: socket.who?.claims.principal })
    ws.close(code, reason)
    // The other side's goodbye is to be heard.
    ws.resume()
  }
  const send = (frame: Uint8Array) => {
    if (ws.readyState !== ws.OPEN) return
    if (ws.bufferedAmount > settings.maxBufferedBytes) {
      // A reader that does not read: it would only ever get more; on return it syncs what it missed.
      socketLog.warn('socket too slow', { bufferedBytes: ws.bufferedAmount })
      return ws.terminate()
    }
    gather()
    ws.send(frame)
  }
  /** What is sent in one turn leaves in one piece: for small frames the system calls cost more than all the rest. */
  let isGathering = false
  const gather = () => {
    if (isGathering) return
    isGathering = true
    duplex.cork()
    process.nextTick(() => {
      isGathering = false
      duplex.uncork()
    })
  }
  const gate = createGate({ pending, send, fail: () => closeSocket(close.failed, 'store-failed') })

  const socket: Socket = {
    id,
    log: socketLog,
    who: undefined,
    connections: new Set(),
    askedAt: 0,
    health: () => ({ openedAt, heardAt, bytesIn, rttMs }),
    close: closeSocket,
    pause: (paused) => {
      if (ws.readyState !== ws.OPEN) return
      if (paused) ws.pause()
      else ws.resume()
    },
    pulse: (lateMs) => {
      const now = clock.now()
      // Whom we do not listen to is not silent.
      if (ws.isPaused) heardAt = openedAt = now
      heardAt = Math.min(now, heardAt + lateMs)
      if (now - heardAt > settings.deadMs) {
        // Said once, for a client that only stood still; who does not answer that either is cut at the next beat.
        if (ws.readyState !== ws.OPEN) return ws.terminate()
        socketLog.info('socket silent', { forMs: now - heardAt })
        return closeSocket(close.stale, 'stale')
      }
      if (!socket.who) {
        if (now - openedAt > settings.signInMs) return closeSocket(close.timeout, 'nobody signed in')
      } else if (now >= socket.who.expiresAt) return closeSocket(close.unauthorized, 'token-expired')
      else askForToken(now, socket.who)
      if (ws.readyState !== ws.OPEN || ws.bufferedAmount > 0) return
      pingedAt ??= now
      ws.send(ping)
    },
  }
  /** At 80 % of its life the token is asked for anew, over the live connection. */
  const askForToken = (now: number, who: Who) => {
    const dueAt = who.expiresAt - settings.tokenLifeMs * 0.2
    if (now < dueAt || now - socket.askedAt < settings.tokenLifeMs * 0.05) return
    socket.askedAt = now
    const [any] = socket.connections
    any?.requestToken()
  }
  return {
    socket,
    face: {
      get readyState() {
        return ws.readyState
      },
      send: (data) => gate(data as Uint8Array),
      close: (code, reason) => closeSocket(code ?? close.reset, reason ?? ''),
    },
    heard: (frame) => {
      // Whom we have sent away may go on talking for a while: not to us.
      if (ws.readyState !== ws.OPEN) return false
      heardAt = clock.now()
      bytesIn += frame.length
      if (isPong(frame)) {
        if (pingedAt !== undefined) rttMs = heardAt - pingedAt
        pingedAt = undefined
        return false
      }
      if (socket.who || bytesIn <= maxStrangerBytes) return true
      closeSocket(1009, 'too-large')
      return false
    },
  }
}
