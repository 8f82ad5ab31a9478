import { HocuspocusProvider, type HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import {
  createAcks,
  docName,
  docPath,
  errorTable,
  syncAnswer,
  TandemError,
  type Acks,
  type DocPlace,
  type DocRef,
  type ErrorCode,
  type Log,
} from '@tandem/shared'
import * as Y from 'yjs'

/** A document held open on the connection; one copy however many hold it. */
export type Attached = {
  readonly doc: Y.Doc
  isSynced(): boolean
  /** Resolves when in sync with the server; rejects when refused. */
  synced(signal: AbortSignal): Promise<void>
  /** Resolves when in sync and every change of ours is on the server's disk: its acknowledgement is held until then. */
  durable(signal: AbortSignal): Promise<void>
  /** Calls after each change of sync or acknowledgement. */
  onState(call: () => void): () => void
  send(payload: string): void
  onMessage(call: (payload: string) => void): () => void
  /** Lets go; the last one to do so closes the document once its changes are acknowledged. */
  release(): void
}

export type Documents = {
  attach(doc: DocRef): Attached
  /** Whether it is open; also while the last changes of one that was let go are on their way. */
  holds(doc: DocRef): boolean
  /** Closes all at once, acknowledged or not. */
  close(): void
}

type DocumentsOptions = {
  socket: HocuspocusProviderWebsocket
  place: DocPlace
  token: () => Promise<string>
  log: Log
  onSynced: (doc: DocRef) => void
  /** The server refused a document; the code says why. */
  onRefused: (doc: DocRef, code: string) => void
}

type Held = {
  provider: HocuspocusProvider
  /** Of this connection: a new one begins anew. */
  acks: Acks
  users: number
  states: Set<() => void>
  messages: Set<(payload: string) => void>
  refused: TandemError | undefined
}

/** Opens documents on the connection, each once. */
export function createDocuments({ socket, place, token, log, onSynced, onRefused }: DocumentsOptions): Documents {
  const heldByPath = new Map<string, Held>()

  const open = (ref: DocRef, path: string): Held => {
    const [states, messages] = [new Set<() => void>(), new Set<(payload: string) => void>()]
    const tell = () => {
      for (const call of [...states]) call()
    }
    const provider = new HocuspocusProvider({
      websocketProvider: socket,
      name: docName(place, ref),
      document: new Y.Doc(),
      // Awareness only where it is used: on `presence`.
      awareness: null,
      token,
      onSynced: () => {
        held.refused = undefined
        onSynced(ref)
        tell()
      },
      onOutgoingMessage: ({ message }) => {
        if (message.description === 'A document update') held.acks.sentUpdate()
        // A bare answer is the whole that the server lacks.
        else if (message.description === undefined) held.acks.sentWhole()
      },
      onMessage: ({ event }) => {
        const answer = syncAnswer(new Uint8Array(event.data as ArrayBuffer))
        if (answer !== undefined) held.acks.answered(answer)
      },
      onClose: () => {
        // What was on its way may be lost: only the answer to the next handshake tells that the server has it all.
        held.acks = newAcks()
        tell()
      },
      onStateless: ({ payload }) => {
        for (const call of [...messages]) call(payload)
      },
      onAuthenticationFailed: ({ reason }) => {
        const code = reason in errorTable ? (reason as ErrorCode) : 'forbidden'
        held.refused = new TandemError(code, { reason: 'the server refused a document', doc: path })
        log.warn('document refused', { doc: path, code: reason })
        onRefused(ref, reason)
        tell()
      },
    })
    // Stock sending would queue one message a change while offline, and send all of it again in the handshake.
    provider.document.off('update', provider.boundDocumentUpdateHandler)
    provider.document.on('update', (update: Uint8Array, from: unknown) => {
      if (from === provider) return
      const isLive = provider.isAuthenticated && provider.isAttached
      held.acks.made(isLive)
      if (isLive) provider.boundDocumentUpdateHandler(update, undefined)
    })
    const newAcks = () => {
      const acks = createAcks(tell)
      acks.made(false)
      return acks
    }
    const held: Held = { provider, acks: newAcks(), users: 0, states, messages, refused: undefined }
    heldByPath.set(path, held)
    provider.attach()
    return held
  }

  const until = (held: Held, ready: () => boolean, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        const refused = held.refused && held.refused.code !== 'unauthorized' && held.refused.code !== 'token-expired'
        if (!refused && !ready() && !signal.aborted) return false
        held.states.delete(look)
        signal.removeEventListener('abort', look)
        if (signal.aborted) reject(signal.reason as Error)
        else if (refused) reject(held.refused as TandemError)
        else resolve()
        return true
      }
      if (look()) return
      held.states.add(look)
      signal.addEventListener('abort', look)
    })

  // Not the provider's own count: each handshake sets it back to one, whatever is still on its way.
  const isDurable = ({ provider, acks }: Held) => provider.synced && acks.pending() === 0 && !acks.diverged()

  return {
    holds: (ref) => heldByPath.has(docPath(ref)),
    attach: (ref) => {
      const path = docPath(ref)
      const held = heldByPath.get(path) ?? open(ref, path)
      held.users++
      let released = false
      return {
        doc: held.provider.document,
        isSynced: () => held.provider.synced,
        synced: (signal) => until(held, () => held.provider.synced, signal),
        durable: (signal) => until(held, () => isDurable(held), signal),
        onState: (call) => (held.states.add(call), () => held.states.delete(call)),
        send: (payload) => held.provider.sendStateless(payload),
        onMessage: (call) => (held.messages.add(call), () => held.messages.delete(call)),
        release: () => {
          if (released) return
          released = true
          held.users--
          const end = () => {
            if (held.users > 0 || heldByPath.get(path) !== held) return held.states.delete(end)
            if (!isDurable(held) && !held.refused) return held.states.add(end)
            held.states.delete(end)
            heldByPath.delete(path)
            held.provider.destroy()
            return true
          }
          end()
        },
      }
    },
    close: () => {
      for (const { provider } of heldByPath.values()) provider.destroy()
      heldByPath.clear()
    },
  }
}
