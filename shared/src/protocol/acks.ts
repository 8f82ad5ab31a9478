import * as decoding from 'lib0/decoding'

/**
 * Which of a document's changes the server has on disk, counted exactly. Hocuspocus answers every update and every
 * whole-document message once, in order; its own counter is reset by each reconnection and so cannot be trusted.
 */
export type Acks = {
  /** Something was changed here that the server may not have; `buffered` while it waits to be sent. Returns its number. */
  made(buffered: boolean): number
  /** An update left: it carries every change made so far that no other message carried. */
  sentUpdate(): void
  /** All that the server lacks left: the answer to its state vector. */
  sentWhole(): void
  /** The server answered the oldest message. False: it refused, because we may not write here. */
  answered(ok: boolean): void
  /** The connection is gone, and with it every message not answered. */
  dropped(): void
  /** Changes up to this number are safe on the server. */
  acked(): number
  pending(): number
  /** The server refused a change: this copy differs from everyone's for good. */
  diverged(): boolean
}

export function createAcks(onChange: () => void): Acks {
  let made = 0
  let acked = 0
  let handshaken = false
  let buffered = false
  let diverged = false
  let inFlight: { upTo: number; whole: boolean }[] = []

  const settle = () => {
    // Nothing on its way and nothing waiting: all that this copy holds, the server holds.
    if (handshaken && inFlight.length === 0 && !buffered) acked = made
    onChange()
  }
  const send = (whole: boolean) => {
    buffered = false
    inFlight.push({ upTo: made, whole })
  }
  return {
    made: (waits) => {
      made++
      buffered ||= waits
      settle()
      return made
    },
    sentUpdate: () => send(false),
    sentWhole: () => send(true),
    answered: (ok) => {
      const message = inFlight.shift()
      if (!message) return
      if (!ok) diverged = true
      else {
        // Before the whole was answered, an update says nothing about the changes that came before it.
        handshaken ||= message.whole
        if (handshaken) acked = Math.max(acked, message.upTo)
      }
      settle()
    },
    dropped: () => {
      handshaken = false
      buffered = false
      inFlight = []
      onChange()
    },
    acked: () => acked,
    pending: () => made - acked,
    diverged: () => diverged,
  }
}

type Sending = { readonly webSocket: { readonly readyState: number } | null; send(message: unknown): void }
const open = 1

/**
 * Makes a connection of Hocuspocus send now or never. By itself it keeps what is said to a socket that has just closed
 * and says it on the next one, ahead of the handshake: the answers would be counted as the handshake's, and changes be
 * taken for safe that the server never got. The handshake hands in whatever was not sent.
 */
export function sendNowOrNever(socket: Sending): void {
  const send = socket.send.bind(socket)
  socket.send = (message) => {
    if (socket.webSocket?.readyState === open) send(message)
  }
}

const syncStatus = 8

/** What a message of Hocuspocus says of the oldest message it has not answered yet: taken, or refused. Undefined: nothing. */
export function syncAnswer(message: Uint8Array): boolean | undefined {
  const decoder = decoding.createDecoder(message)
  decoding.readVarString(decoder)
  return decoding.readVarUint(decoder) === syncStatus ? decoding.readVarInt(decoder) === 1 : undefined
}
