import { HocuspocusProviderWebsocket, WebSocketStatus } from '@hocuspocus/provider'
import { sendNowOrNever, type Clock } from '@tandem/shared'
import { createState } from './state.ts'

/** A server that accepts the socket and then says nothing would hold us for ever. */
const silentAfterMs = 3_000

export type LinkState = {
  phase: 'connecting' | 'connected' | 'offline'
  /** When the phase began, and when the server was last heard. */
  since: number
  heardAt: number | undefined
}

/** One socket for all documents of a workspace: back within a tenth of a second, kept on trying for ever. */
export function connect(url: string, clock: Clock, signal: AbortSignal) {
  const state = createState<LinkState>({ phase: 'connecting', since: clock.now(), heardAt: undefined })
  const socket = new HocuspocusProviderWebsocket({
    url,
    // `delay` alone, below the default `minDelay` of a second, would never connect.
    delay: 30,
    minDelay: 30,
    factor: 2,
    maxDelay: 5_000,
    // The server pings every two seconds.
    messageReconnectTimeout: 5_000,
  })
  sendNowOrNever(socket)
  let cancelWatch = () => {}
  const enter = (phase: LinkState['phase']) => {
    if (state.snapshot().phase !== phase) state.patch({ phase, since: clock.now() })
  }
  const watch = () => {
    cancelWatch()
    cancelWatch = clock.after(silentAfterMs, () => socket.webSocket?.close())
  }
  socket.on('status', ({ status }: { status: WebSocketStatus }) => {
    if (status === WebSocketStatus.Connecting) watch()
    if (status === WebSocketStatus.Disconnected) {
      cancelWatch()
      enter('offline')
    }
  })
  socket.on('open', watch)
  // The first attempt began before anybody could listen.
  watch()
  socket.on('message', () => {
    cancelWatch()
    enter('connected')
    // Coarse on purpose: a new value at every message would wake every view of it.
    if (clock.now() - (state.snapshot().heardAt ?? 0) > 1_000) state.patch({ heardAt: clock.now() })
  })
  const retry = () => {
    if (!document.hidden && socket.shouldConnect && socket.status !== WebSocketStatus.Connected) void socket.connect()
  }
  addEventListener('online', retry, { signal })
  document.addEventListener('visibilitychange', retry, { signal })
  signal.addEventListener('abort', () => {
    cancelWatch()
    socket.destroy()
  })
  return {
    socket,
    state,
    retry: () => void socket.connect(),
  }
}

export type Link = ReturnType<typeof connect>
