import { HocuspocusProvider, type HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import {
  backoffMs,
  type Clock,
  createAcks,
  docName,
  type DocPlace,
  docPath,
  type DocRef,
  type Log,
  syncAnswer,
} from '@tandem/shared'
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { createBatch } from './batch.ts'
import type { Persist } from './persist.ts'
import { createState, type State } from './state.ts'

/** A blocked or slow storage must not keep a document from opening. */
const loadWithinMs = 1_500

/** Where a change of a document came from, beside the user and the server. */
export const fromDisk = Symbol('from disk')
export const fromTab = Symbol('from another tab')

export type DocState = {
  /** There is something to show: from this device, or from the server. */
  ready: boolean
  /** Everything the server had at the last handshake is here. */
  synced: boolean
  /** Own changes that are not safe on the server. */
  pending: number
  /** The server will not take what this copy holds. */
  diverged: boolean
  /** Why the server refuses to open it, where it does. */
  refused: string | undefined
}

export type Deps = {
  socket: HocuspocusProviderWebsocket
  place: DocPlace
  token: { get(): Promise<string>; discard(): void }
  persist: Persist
  /** Tells the other tabs of an own change. */
  tell: (path: string, update: Uint8Array, live: boolean) => void
  mayWrite: (ref: DocRef) => boolean
  clock: Clock
  log: Log
}

/** Who is here is news only, and a task's output is large, soon put away, and then had from the server in parts. */
const isKeptOnDevice = ({ kind }: DocRef): boolean => kind !== 'presence' && kind !== 'log'

/** One open document: loaded from this device, then kept in step with the server. */
export function openDoc(ref: DocRef, deps: Deps) {
  const { persist, clock, log, token } = deps
  const path = docPath(ref)
  const doc = new Y.Doc()
  const state: State<DocState> = createState<DocState>({
    ready: false,
    synced: false,
    pending: 0,
    diverged: false,
    refused: undefined,
  })
  // Awareness once a workspace: every document with its own would say the same thing again.
  const isPresence = ref.kind === 'presence'
  const kept = isKeptOnDevice(ref)
  const provider = new HocuspocusProvider({
    websocketProvider: deps.socket,
    name: docName(deps.place, ref),
    document: doc,
    token: token.get,
    awareness: isPresence ? new Awareness(doc) : null,
  })
  // Stock sending queues one message a keystroke while offline and sends all of it again in the handshake.
  doc.off('update', provider.boundDocumentUpdateHandler)

  const acks = createAcks(() => {
    state.patch({ pending: acks.pending(), diverged: acks.diverged() })
    release(acks.acked())
  })
  const batch = createBatch(clock, (update) => {
    provider.boundDocumentUpdateHandler(update, undefined)
  })
  const isLive = () => provider.isAuthenticated && provider.isAttached

  /** Outbox entries by the number of the change they hold, until it is acknowledged. */
  const waiting: { n: number; keys: readonly number[] }[] = []
  const release = (acked: number) => {
    const safe = waiting.filter((w) => w.n <= acked)
    if (safe.length === 0) return
    waiting.splice(0, waiting.length, ...waiting.filter((w) => w.n > acked))
    persist.acknowledge(safe.flatMap((w) => w.keys))
  }
  const hold = (n: number, keys: readonly number[]) => {
    waiting.push({ n, keys })
    release(acks.acked())
  }
  const send = (update: Uint8Array): number => {
    const live = isLive()
    const n = acks.made(live)
    if (live) batch.push(update)
    return n
  }

  let trusting = false
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin === provider) return void (kept && persist.keep(path, update))
    if (origin === fromTab) return void (trusting || send(update))
    if (origin === fromDisk) return void (provider.isAttached && send(update))
    if (!deps.mayWrite(ref)) {
      log.error('a document that is not ours to write was changed', { doc: path })
      return state.patch({ diverged: true })
    }
    const live = isLive()
    const n = send(update)
    // What was made here is there to be shown, whether or not anything else arrives.
    state.patch({ ready: true })
    if (!kept) return
    deps.tell(path, update, live)
    void persist.keepOwn(path, update).then((key) => key !== undefined && hold(n, [key]))
  })

  provider.on('outgoingMessage', ({ message }: { message: { description?: string } }) => {
    if (message.description === 'A document update') acks.sentUpdate()
    // A bare answer is the whole that the server lacks (documents with awareness answer other things too).
    else if (message.description === undefined && !isPresence) acks.sentWhole()
  })
  provider.on('message', ({ event }: { event: MessageEvent<ArrayBuffer> }) => {
    const answer = syncAnswer(new Uint8Array(event.data))
    if (answer !== undefined) acks.answered(answer)
  })
  provider.on('synced', () => state.patch({ ready: true, synced: true }))
  provider.on('close', () => {
    cancelRetry()
    batch.drop()
    acks.dropped()
    state.patch({ synced: false })
  })
  let failures = 0
  let cancelRetry = () => {}
  provider.on('authenticated', () => {
    failures = 0
    state.patch({ refused: undefined })
  })
  provider.on('authenticationFailed', ({ reason }: { reason: string }) => {
    log.warn('the server refused a document', { doc: path, reason })
    state.patch({ refused: reason })
    // The socket stays open and nothing asks again by itself. The first time, a token has just expired; later, the
    // server may not be ready, or somebody may sign in again in another tab.
    cancelRetry = clock.after(backoffMs(failures++, { baseMs: 1_000, maxMs: 15_000, slowMs: 15_000 }), () => {
      if (!isOpen || deps.socket.webSocket?.readyState !== WebSocket.OPEN) return
      token.discard()
      void provider.sendToken().then(() => provider.startSync())
    })
  })
  const flushOnLeave = () => batch.flush()
  addEventListener('pagehide', flushOnLeave)

  let isOpen = true
  const load = async () => {
    const stored = await persist.load(path)
    if (!isOpen || !stored) return
    Y.applyUpdate(doc, stored.update, fromDisk)
    if (stored.waiting.length > 0) hold(acks.made(false), stored.waiting)
    state.patch({ ready: true })
  }
  // A storage that is slow, or never answers, must not keep the document from the server.
  const attach = () => isOpen && provider.attach()
  const cancelWait = clock.after(kept ? loadWithinMs : 0, attach)
  if (kept) void load().then(cancelWait).then(attach)

  return {
    ref,
    path,
    doc,
    provider,
    state,
    /** A change that another tab made: sent on unless that tab's own connection does so. */
    receive: (update: Uint8Array, live: boolean) => {
      trusting = live
      try {
        Y.applyUpdate(doc, update, fromTab)
      } finally {
        trusting = false
      }
    },
    /** Takes over unacknowledged changes that a closed tab left in the outbox. */
    adopt: (update: Uint8Array, keys: readonly number[]) => {
      const own = new Set(waiting.flatMap((w) => w.keys))
      const left = keys.filter((key) => !own.has(key))
      if (left.length === 0) return
      Y.applyUpdate(doc, update, fromDisk)
      hold(acks.made(false), left)
    },
    close: () => {
      isOpen = false
      cancelWait()
      cancelRetry()
      removeEventListener('pagehide', flushOnLeave)
      batch.flush()
      provider.destroy()
      doc.destroy()
    },
  }
}

export type OpenDoc = ReturnType<typeof openDoc>
