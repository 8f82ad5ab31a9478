import { HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { backoffMs, sendNowOrNever, type Clock, type Log } from '@tandem/shared'
import { cachedView, type View } from '@tandem/shared/docs'

/** How the one connection stands. `synced` is said by whoever sees a first document in sync: until then it proves nothing. */
export type LinkState =
  | { at: 'connecting' }
  | { at: 'opened' }
  | { at: 'synced' }
  /** `failed`: the fast attempts are used up [S17]; it goes on once a minute for ever [S16]. */
  | { at: 'offline'; attempt: number; retryInMs: number; failed: boolean; code: number; reason: string }

export type Connection = {
  readonly socket: HocuspocusProviderWebsocket
  readonly state: View<LinkState>
  /** A document is in sync: the link works, and the next outage counts its attempts from the start [S13]. */
  sawSync(): void
  /** Ends this connection and tries the next at once, or in its turn. */
  drop(reason: string): void
  close(): void
}

type ConnectOptions = {
  url: string
  /** The class to open it with; Node's own where none is given. */
  WebSocket?: unknown
  clock: Clock
  log: Log
  /** Silence after which a connection is dead, ms; the server pings every 2 s. */
  deadMs: number
  /** How long a connection may take to open, and an open one to say its first word, ms. */
  patienceMs?: number
}

const fastAttempts = 10
/** The provider would retry by itself, without telling when; only we do. */
const never = 2 ** 30

/**
 * One WebSocket for all documents: first retry at once, then exponential backoff with jitter, ten fast attempts, then
 * one a minute [S14-S18]. A server that opens and stays silent, which the provider would wait for for ever, is given
 * up after a while.
 */
export function connect({ url, WebSocket, clock, log, deadMs, patienceMs = 4_000 }: ConnectOptions): Connection {
  let state: LinkState = { at: 'connecting' }
  let changed = () => {}
  const view = cachedView<LinkState>(
    () => state,
    (call) => (changed = call),
  )
  const become = (next: LinkState) => {
    state = next
    changed()
  }
  let attempt = 0
  let closed = false
  let cancelRetry = () => {}
  let cancelWatchdog = () => {}

  const socket = new HocuspocusProviderWebsocket({
    url,
    ...(WebSocket !== undefined && { WebSocketPolyfill: WebSocket }),
    autoConnect: false,
    maxAttempts: 1,
    delay: never,
    minDelay: never,
    maxDelay: never,
    jitter: false,
    messageReconnectTimeout: deadMs,
  })
  sendNowOrNever(socket)
  const guard = () => {
    cancelWatchdog()
    cancelWatchdog = clock.after(patienceMs, () => {
      log.warn('connection silent', { forMs: patienceMs })
      cut()
    })
  }
  const cut = () => {
    const { webSocket } = socket
    // As if it had closed by itself: a socket that hangs may never say so.
    if (webSocket) socket.webSocketHandlers[webSocket.identifier]?.close({ code: 4408, reason: 'silent' })
  }
  const tryNow = () => {
    if (closed) return
    become({ at: 'connecting' })
    guard()
    void socket.connect()
  }
  socket.on('open', () => {
    guard()
    become({ at: 'opened' })
  })
  socket.on('message', () => cancelWatchdog())
  socket.on('disconnect', ({ event }: { event?: { code?: number; reason?: string } }) => {
    cancelWatchdog()
    cancelRetry()
    if (closed) return
    const retryInMs = backoffMs(attempt, { fastAttempts })
    attempt++
    const failed = attempt > fastAttempts
    if (attempt === fastAttempts + 1) log.error('connection failed', { reason: 'max reconnection attempts reached' })
    log.info('reconnecting', { inMs: retryInMs, attempt, code: event?.code, reason: event?.reason })
    become({ at: 'offline', attempt, retryInMs, failed, code: event?.code ?? 0, reason: event?.reason ?? '' })
    cancelRetry = clock.after(retryInMs, tryNow)
  })
  tryNow()
  return {
    socket,
    state: view,
    sawSync: () => {
      if (state.at === 'synced') return
      attempt = 0
      log.info('daemon connected')
      become({ at: 'synced' })
    },
    drop: (reason) => {
      log.info('connection dropped', { reason })
      cut()
    },
    close: () => {
      closed = true
      cancelRetry()
      cancelWatchdog()
      socket.destroy()
    },
  }
}
