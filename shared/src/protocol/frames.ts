import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { z } from 'zod'
import { TandemError } from '../base/errors.ts'
import { Id } from '../base/ids.ts'

/**
 * Binary framing of the feed and of bulk put / bulk read: each frame is a varUint length and that many bytes; inside,
 * lib0 encoding. A frame cut by the network waits for its rest.
 */
export const maxFrameBytes = 64 * 2 ** 20

/** `POST …/bulk/read`: the documents asked for, by name or by path. */
export const BulkRead = z.object({ docs: z.array(z.string().max(400)).max(20_000) })

/**
 * `POST …/bulk/put?mode=&task=`. `absent` puts documents that are not there yet, `update` changes those that are; `task`
 * is what caused the changes, where that is known.
 */
export const BulkPut = z.object({ mode: z.enum(['absent', 'update']).default('absent'), task: Id.optional() })
export type BulkPut = z.infer<typeof BulkPut>

/**
 * What became of each document of a bulk put: made, changed, there already (`existing`, left as it was), or refused and
 * why. All of it is on disk when this is said; `seq` is the version then.
 */
export const BulkPutAnswer = z.object({
  created: z.int(),
  updated: z.int(),
  existing: z.array(z.string()),
  refused: z.array(z.object({ doc: z.string(), code: z.string(), message: z.string() })),
  seq: z.int(),
})
export type BulkPutAnswer = z.infer<typeof BulkPutAnswer>

/** Wraps one payload. */
function frame(write: (e: encoding.Encoder) => void): Uint8Array {
  const body = encoding.createEncoder()
  write(body)
  const out = encoding.createEncoder()
  encoding.writeVarUint8Array(out, encoding.toUint8Array(body))
  return encoding.toUint8Array(out)
}

/** Several encoded frames as one piece: a chunk of its own for each would cost more than what is in it. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
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

export const encodeBulkFrame = (f: BulkFrame): Uint8Array => encodeBulkFrames([f])

/** Many frames as one piece; what they hold is copied once, since tens of megabytes pass through here. */
export const encodeBulkFrames = (frames: readonly BulkFrame[]): Uint8Array => joined(frames.flatMap(partsOf))

function partsOf({ doc, update, damaged }: BulkFrame): Uint8Array[] {
  const body = encoding.createEncoder()
  encoding.writeVarString(body, doc)
  encoding.writeVarUint(body, damaged ? kinds.damaged : update ? kinds.whole : kinds.absent)
  const content = update && !damaged ? update : undefined
  if (content) encoding.writeVarUint(body, content.length)
  const head = encoding.toUint8Array(body)
  const length = encoding.createEncoder()
  encoding.writeVarUint(length, head.length + (content?.length ?? 0))
  return [encoding.toUint8Array(length), head, ...(content ? [content] : [])]
}

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
  let pieces: Uint8Array[] = []
  let [size, wanted] = [0, 0]
  for await (const piece of bytes) {
    pieces.push(piece)
    size += piece.length
    // A large frame is put together once, not with every piece of it.
    if (size < wanted) continue
    let held = pieces.length === 1 ? piece : joined(pieces)
    for (;;) {
      const next = nextFrame(held)
      if (!('bytes' in next)) {
        wanted = next.wanted
        break
      }
      held = held.subarray(next.end)
      try {
        yield decode(decoding.createDecoder(next.bytes))
      } catch (e) {
        throw new TandemError('bad-request', { reason: 'a frame is malformed' }, e)
      }
    }
    pieces = held.length > 0 ? [held] : []
    size = held.length
  }
  if (size > 0) throw new TandemError('bad-request', { reason: 'the stream ended inside a frame' })
}

/** The first frame and where it ends, or how many bytes there must be before it is worth another look. */
function nextFrame(b: Uint8Array): { bytes: Uint8Array; end: number } | { wanted: number } {
  let length = 0
  let factor = 1
  for (let i = 0; i < b.length; i++) {
    const byte = b[i] ?? 0
    length += (byte & 127) * factor
    factor *= 128
    if (length > maxFrameBytes) throw new TandemError('too-large', { reason: 'a frame is too large', bytes: length })
    if (byte >= 128) continue
    const end = i + 1 + length
    return end <= b.length ? { bytes: b.subarray(i + 1, end), end } : { wanted: end }
  }
  return { wanted: b.length + 1 }
}
