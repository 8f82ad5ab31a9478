import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { TandemError } from '../base/errors.ts'

/**
 * Binary framing of the feed and of bulk put / bulk read: each frame is a varUint length and that many bytes; inside,
 * lib0 encoding. A frame cut by the network waits for its rest.
 */
export const maxFrameBytes = 64 * 2 ** 20

/** Wraps one payload. */
function frame(write: (e: encoding.Encoder) => void): Uint8Array {
  const body = encoding.createEncoder()
  write(body)
  const out = encoding.createEncoder()
  encoding.writeVarUint8Array(out, encoding.toUint8Array(body))
  return encoding.toUint8Array(out)
}

/** What the feed says: where it stands, that a document moved at `seq`, or that it is alive. */
export type FeedFrame =
  | { t: 'at'; generation: number; seq: number }
  | { t: 'moved'; seq: number; doc: string }
  | { t: 'ping' }

export const encodeFeedFrame = (f: FeedFrame): Uint8Array =>
  frame((e) => {
    if (f.t === 'at') {
      encoding.writeVarUint(e, 0)
      encoding.writeVarUint(e, f.generation)
      encoding.writeVarUint(e, f.seq)
    } else if (f.t === 'moved') {
      encoding.writeVarUint(e, 1)
      encoding.writeVarUint(e, f.seq)
      encoding.writeVarString(e, f.doc)
    } else encoding.writeVarUint(e, 2)
  })

function decodeFeedFrame(d: decoding.Decoder): FeedFrame {
  const t = decoding.readVarUint(d)
  if (t === 0) return { t: 'at', generation: decoding.readVarUint(d), seq: decoding.readVarUint(d) }
  if (t === 1) return { t: 'moved', seq: decoding.readVarUint(d), doc: decoding.readVarString(d) }
  return { t: 'ping' }
}

/**
 * One document of a bulk request or answer; without `update` the server has none of that name, unless `damaged` says
 * that it has one and cannot read it: that must never be taken for an empty one [LOG-28].
 */
export type BulkFrame = { doc: string; update?: Uint8Array; damaged?: true }

const kinds = { absent: 0, whole: 1, damaged: 2 }

export const encodeBulkFrame = ({ doc, update, damaged }: BulkFrame): Uint8Array =>
  frame((e) => {
    encoding.writeVarString(e, doc)
    encoding.writeVarUint(e, damaged ? kinds.damaged : update ? kinds.whole : kinds.absent)
    if (update && !damaged) encoding.writeVarUint8Array(e, update)
  })

function decodeBulkFrame(d: decoding.Decoder): BulkFrame {
  const doc = decoding.readVarString(d)
  const kind = decoding.readVarUint(d)
  if (kind === kinds.whole) return { doc, update: decoding.readVarUint8Array(d) }
  if (kind === kinds.damaged) return { doc, damaged: true }
  if (kind === kinds.absent) return { doc }
  throw new TandemError('bad-request', { reason: 'a frame of an unknown kind', kind })
}

/** The feed's frames in a byte stream. */
export const feedFrames = (bytes: AsyncIterable<Uint8Array>): AsyncGenerator<FeedFrame> => read(bytes, decodeFeedFrame)
/** The bulk frames in a byte stream; a stream that ends inside a frame throws. */
export const bulkFrames = (bytes: AsyncIterable<Uint8Array>): AsyncGenerator<BulkFrame> => read(bytes, decodeBulkFrame)

async function* read<T>(bytes: AsyncIterable<Uint8Array>, decode: (d: decoding.Decoder) => T): AsyncGenerator<T> {
  let held: Uint8Array = new Uint8Array()
  for await (const piece of bytes) {
    held = held.length > 0 ? concat(held, piece) : piece
    for (;;) {
      const body = wholeFrame(held)
      if (!body) break
      held = held.subarray(body.end)
      try {
        yield decode(decoding.createDecoder(body.bytes))
      } catch (e) {
        throw new TandemError('bad-request', { reason: 'a frame is malformed' }, e)
      }
    }
  }
  if (held.length > 0) throw new TandemError('bad-request', { reason: 'the stream ended inside a frame' })
}

function wholeFrame(b: Uint8Array): { bytes: Uint8Array; end: number } | undefined {
  let length = 0
  let factor = 1
  for (let i = 0; i < b.length; i++) {
    const byte = b[i] ?? 0
    length += (byte & 127) * factor
    factor *= 128
    if (length > maxFrameBytes) throw new TandemError('too-large', { reason: 'a frame is too large', bytes: length })
    if (byte < 128)
      return i + 1 + length <= b.length ? { bytes: b.subarray(i + 1, i + 1 + length), end: i + 1 + length } : undefined
  }
  return undefined
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length)
  out.set(a)
  out.set(b, a.length)
  return out
}
