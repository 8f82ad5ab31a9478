import { MessageType } from '@hocuspocus/server'
import * as decoding from 'lib0/decoding'

type Deps = {
  /** Undefined where all of that document (full name) is on disk; else settles with its tail. */
  pending(name: string): Promise<void> | undefined
  send(frame: Uint8Array): void
  /** The store cannot write: this socket must end, so that its client keeps and resends what was not acknowledged. */
  fail(): void
}

type Held = { frame: Uint8Array; until: Promise<void> | undefined }

/**
 * Durable before acknowledged [LOG-1]: holds each acknowledgement (SyncStatus frame) until the tail of its document
 * is on disk. Frames of one document keep their order; other documents, and peers, are not held up. Returns the
 * `send` to hand to Hocuspocus.
 */
export function createGate({ pending, send, fail }: Deps): (frame: Uint8Array) => void {
  const heldByName = new Map<string, Held[]>()

  const drain = async (name: string, held: Held[]) => {
    let landed: Promise<void> | undefined
    try {
      // The head stays in the queue while it is waited for, so that later frames queue up behind it.
      for (let next = held[0]; next; next = held[0]) {
        // What waited for one batch leaves in one turn.
        if (next.until !== landed) await next.until
        landed = next.until
        held.shift()
        send(next.frame)
      }
      heldByName.delete(name)
    } catch {
      // The reason is logged where the store failed.
      heldByName.clear()
      fail()
    }
  }

  return (frame) => {
    const d = decoding.createDecoder(frame)
    const length = decoding.readVarUint(d)
    const start = d.pos
    d.pos += length
    const isAck = decoding.readVarUint(d) === MessageType.SyncStatus
    if (!isAck && heldByName.size === 0) return send(frame)
    const name = nameIn(frame.subarray(start, start + length))
    const until = isAck ? pending(name) : undefined
    const held = heldByName.get(name)
    if (held) held.push({ frame, until })
    else if (until) {
      const queue = [{ frame, until }]
      heldByName.set(name, queue)
      void drain(name, queue)
    } else send(frame)
    // A failure reaches `drain` when the turn comes; until then nobody else listens.
    until?.catch(() => {})
  }
}

const decoder = new TextDecoder()
/** The document's name in a frame's address; session-aware clients add `\0<session>`. */
const nameIn = (address: Uint8Array): string => decoder.decode(address).split('\0', 1)[0] ?? ''
