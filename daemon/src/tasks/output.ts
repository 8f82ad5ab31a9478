import { systemClock, type Clock, type TaskResult } from '@tandem/shared'
import { maxChunkBytes, note, stderr, stdout, type LogChunk } from '@tandem/shared/docs'
import { safeCut } from './safe-cut.ts'

export type Output = {
  write(stream: 'stdout' | 'stderr', bytes: Uint8Array): void
  /** A line of ours among it. */
  note(words: string): void
  /** Hands out what is left and sums up. */
  end(): NonNullable<TaskResult['output']>
}

type OutputOptions = {
  /** Receives the chunks that fall due together, in order. */
  emit: (chunks: readonly LogChunk[]) => void
  clock?: Clock
  flushMs?: number
  /** As many bytes are handed on as they come; of what follows, only the last `tailBytes`, when all is over. */
  liveBytes?: number
  tailBytes?: number
}

type Stream = typeof stdout | typeof stderr
type Piece = { stream: Stream; bytes: Uint8Array; offset: number }

const megabyte = 1_048_576
/** Beyond this many in one flush, pieces join the last one of their stream, at the price of their exact order. */
const maxPieces = 64
/** What a result's record holds of the end. */
const resultTail = { bytes: 16_000, characters: 4_000 }

/**
 * Turns a command's output into log chunks of at most 16 KB, handed on at 16 KB or after 50 ms, cut neither inside a
 * character nor inside an escape sequence. Up to 10 MB (S137) it passes whole; of a longer one the beginning and the
 * end are kept, with a marker between that says how much was left out.
 */
export function createOutput({
  emit,
  clock = systemClock,
  flushMs = 50,
  liveBytes = 10 * megabyte,
  tailBytes = megabyte / 2,
}: OutputOptions): Output {
  const startedAt = clock.now()
  let pieces: Piece[] = []
  let pending = 0
  let total = 0
  let live = 0
  let number = 0
  let cancelFlush: (() => void) | undefined
  let last: Uint8Array = new Uint8Array()
  const tail = createTail(tailBytes)

  /** The bytes are copied: a chunk outlives the buffer it came in, of which it may be a small part. */
  const chunk = (s: LogChunk['s'], o: number, d: Uint8Array): LogChunk => ({
    q: number++,
    o,
    t: clock.now() - startedAt,
    s,
    d: new Uint8Array(d),
  })

  const flush = (final: boolean) => {
    cancelFlush?.()
    cancelFlush = undefined
    const chunks: LogChunk[] = []
    const held: Piece[] = []
    for (const piece of pieces) {
      let { bytes, offset } = piece
      while (bytes.length > 0) {
        const isRest = bytes.length <= maxChunkBytes
        let cut = safeCut(bytes, maxChunkBytes)
        // What is not complete waits for the rest of it; at the end, or where it fills a chunk, it goes as it is.
        if (cut === 0 && isRest && !final) break
        if (cut === 0 || (isRest && final)) cut = Math.min(bytes.length, maxChunkBytes)
        chunks.push(chunk(piece.stream, offset, bytes.subarray(0, cut)))
        bytes = bytes.subarray(cut)
        offset += cut
      }
      if (bytes.length > 0) held.push({ stream: piece.stream, bytes, offset })
    }
    pieces = held
    pending = 0
    if (chunks.length > 0) emit(chunks)
  }

  const add = (piece: Piece) => {
    const open = pieces.findLast((p) => p.stream === piece.stream)
    const joins = open && (open === pieces.at(-1) || pieces.length >= maxPieces || isIncomplete(open.bytes))
    if (joins) open.bytes = Buffer.concat([open.bytes, piece.bytes])
    else pieces.push({ ...piece })
    pending += piece.bytes.length
    if (pending >= maxChunkBytes) flush(false)
    else cancelFlush ??= clock.after(flushMs, () => flush(false))
  }

  return {
    write: (name, bytes) => {
      const stream = name === 'stdout' ? stdout : stderr
      const room = Math.max(0, Math.min(bytes.length, liveBytes - live))
      if (room > 0) add({ stream, bytes: bytes.subarray(0, room), offset: total })
      if (room < bytes.length) tail.push({ stream, bytes: bytes.subarray(room), offset: total + room })
      live += room
      total += bytes.length
      last = Buffer.concat([last, bytes]).subarray(-resultTail.bytes)
    },
    note: (words) => {
      flush(false)
      emit([chunk(note, total, new TextEncoder().encode(`\n${words}\n`))])
    },
    end: () => {
      const left = total - live - tail.size()
      if (left > 0) {
        flush(true)
        emit([chunk(note, live, new TextEncoder().encode(leftOut(left)))])
      }
      tail.pieces().forEach(add)
      flush(true)
      const text = new TextDecoder().decode(last).slice(-resultTail.characters)
      return { bytes: total, truncated: left > 0, tail: text }
    },
  }
}

const isIncomplete = (bytes: Uint8Array): boolean => safeCut(bytes, bytes.length) < bytes.length

/** Neutral: a long output is no mistake. */
const leftOut = (bytes: number): string => `\n… ${(bytes / megabyte).toFixed(1)} MB left out here …\n`

/** Keeps the last `max` bytes of what is pushed. */
function createTail(max: number) {
  const kept: Piece[] = []
  let size = 0
  return {
    size: () => size,
    pieces: () => kept,
    push(piece: Piece) {
      const before = kept.at(-1)
      if (before?.stream === piece.stream && before.bytes.length < maxChunkBytes)
        before.bytes = Buffer.concat([before.bytes, piece.bytes])
      else kept.push({ ...piece })
      size += piece.bytes.length
      while (size > max) {
        const first = kept[0]!
        const surplus = Math.min(size - max, first.bytes.length)
        if (surplus === first.bytes.length) kept.shift()
        else kept[0] = { ...first, bytes: first.bytes.subarray(surplus), offset: first.offset + surplus }
        size -= surplus
      }
    },
  }
}
