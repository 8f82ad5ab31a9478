import { systemClock, type Clock, type TaskOutput } from '@tandem/shared'
import { maxChunkBytes, note, stderr, stdout, type LogChunk } from '@tandem/shared/docs'
import { safeCut } from './safe-cut.ts'

export type Output = {
  write(stream: 'stdout' | 'stderr', bytes: Uint8Array): void
  /** A line of ours among it. */
  note(words: string): void
  /** Hands out what is left and sums up. */
  end(): Pick<TaskOutput, 'bytes' | 'tail'>
}

type OutputOptions = {
  /** Receives the chunks that fall due together, in order. */
  emit: (chunks: readonly LogChunk[]) => void
  clock?: Clock
  flushMs?: number
  /** What comes after a rest of `flushMs` waits only so long: at a terminal it is the echo of a key. */
  afterRestMs?: number
}

type Stream = typeof stdout | typeof stderr
type Piece = { stream: Stream; bytes: Uint8Array }

/** Beyond this many in one flush, pieces join the last one of their stream, at the price of their exact order. */
const maxPieces = 64
/** What a result's record holds of the end. */
const resultTail = { bytes: 16_000, characters: 4_000 }

/**
 * Turns a command's output into log chunks of at most 16 KB, handed on at 16 KB or after 50 ms, cut neither inside a
 * character nor inside an escape sequence. What is kept of a long one others decide.
 */
export function createOutput({
  emit,
  clock = systemClock,
  flushMs = 50,
  afterRestMs = flushMs,
}: OutputOptions): Output {
  const startedAt = clock.now()
  let pieces: Piece[] = []
  let pending = 0
  let total = 0
  let number = 0
  let offset = 0
  let cancelFlush: (() => void) | undefined
  let flushedAt = -Infinity
  let last: Uint8Array = new Uint8Array()

  /** The bytes are copied: a chunk outlives the buffer it came in, of which it may be a small part. */
  const chunk = (s: LogChunk['s'], d: Uint8Array): LogChunk => {
    const made = { q: number++, o: offset, t: clock.now() - startedAt, s, d: new Uint8Array(d) }
    if (s !== note) offset += d.length
    return made
  }

  const flush = (final: boolean) => {
    cancelFlush?.()
    cancelFlush = undefined
    flushedAt = clock.now()
    const chunks: LogChunk[] = []
    const held: Piece[] = []
    for (const piece of pieces) {
      let { bytes } = piece
      while (bytes.length > 0) {
        const isRest = bytes.length <= maxChunkBytes
        let cut = safeCut(bytes, maxChunkBytes)
        // What is not complete waits for the rest of it; at the end, or where it fills a chunk, it goes as it is.
        if (cut === 0 && isRest && !final) break
        if (cut === 0 || (isRest && final)) cut = Math.min(bytes.length, maxChunkBytes)
        chunks.push(chunk(piece.stream, bytes.subarray(0, cut)))
        bytes = bytes.subarray(cut)
      }
      if (bytes.length > 0) held.push({ stream: piece.stream, bytes })
    }
    pieces = held
    pending = 0
    if (chunks.length > 0) emit(chunks)
  }

  const hasRested = () => clock.now() - flushedAt >= flushMs
  const add = (piece: Piece) => {
    const open = pieces.findLast((p) => p.stream === piece.stream)
    const joins = open && (open === pieces.at(-1) || pieces.length >= maxPieces || isIncomplete(open.bytes))
    if (joins) open.bytes = Buffer.concat([open.bytes, piece.bytes])
    else pieces.push({ ...piece })
    pending += piece.bytes.length
    if (pending >= maxChunkBytes) flush(false)
    else cancelFlush ??= clock.after(hasRested() ? afterRestMs : flushMs, () => flush(false))
  }

  return {
    write: (name, bytes) => {
      const stream = name === 'stdout' ? stdout : stderr
      add({ stream, bytes })
      total += bytes.length
      last = Buffer.concat([last, bytes.subarray(-resultTail.bytes)]).subarray(-resultTail.bytes)
    },
    note: (words) => {
      flush(false)
      emit([chunk(note, new TextEncoder().encode(`\n${words}\n`))])
    },
    end: () => {
      flush(true)
      const text = new TextDecoder().decode(last).slice(-resultTail.characters)
      return { bytes: total, tail: text }
    },
  }
}

const isIncomplete = (bytes: Uint8Array): boolean => safeCut(bytes, bytes.length) < bytes.length
