import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TaskOutput } from '@tandem/shared'
import { note, readLogSegment, writeLogLine, type LogChunk } from '@tandem/shared/docs'
import { marker } from './marker.ts'
import { kept, type Kept } from './spool.ts'

/** What a result's record holds of the end. */
const tailOf = { bytes: 16_000, characters: 4_000 }
const newline = 10

type PutBlob = (hash: string, bytes: Uint8Array, signal: AbortSignal) => Promise<void>

/**
 * Brings what is in the spool to the server, segment by segment, and answers where all of it lies. Done again it brings
 * the same. Whatever a crash left of the last line is left out.
 */
export async function sealSpool(folder: string, put: PutBlob, signal: AbortSignal, limits = kept): Promise<TaskOutput> {
  const files = (await readdir(folder)).toSorted()
  const { cut, left, bytes, tail } = await survey(folder, files, limits)
  const segments: NonNullable<TaskOutput['segments']> = []
  for (const [i, file] of files.entries()) {
    signal.throwIfAborted()
    const whole = await read(folder, file)
    if (cut && i < cut.file && file.startsWith('tail')) continue
    const content = cut?.file === i ? withMarker(readLogSegment(whole).slice(cut.chunks), cut.marker) : whole
    if (content.length === 0) continue
    const blob = createHash('sha256').update(content).digest('hex')
    await put(blob, content, signal)
    segments.push({ blob, size: content.length, lines: countLines(content) })
  }
  return { bytes, truncated: left > 0, tail, segments }
}

function countLines(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) count++
  return count
}

/** Up to the end of its last whole line. */
async function read(folder: string, file: string): Promise<Buffer> {
  const bytes = await readFile(join(folder, file))
  return bytes.subarray(0, bytes.lastIndexOf(newline) + 1)
}

const withMarker = (chunks: readonly LogChunk[], first: LogChunk): Buffer =>
  Buffer.from([first, ...chunks].map(writeLogLine).join(''))

/** Where the kept end begins, how much is left out before it, how much there was, and its last words. */
async function survey(folder: string, files: readonly string[], { tail: maxTail }: Kept) {
  const sizes: { file: number; chunk: number; bytes: number }[] = []
  let [bytes, keptBytes, tailBytes] = [0, 0, 0]
  let lastOfHead = { q: -1, end: 0 }
  let firstOfTail: LogChunk | undefined
  let end = new Uint8Array()
  for (const [i, file] of files.entries()) {
    const isTail = file.startsWith('tail')
    for (const [n, chunk] of readLogSegment(await read(folder, file)).entries()) {
      const { q, o, s, d } = chunk
      if (!isTail) lastOfHead = { q, end: o + d.length }
      else {
        firstOfTail ??= chunk
        sizes.push({ file: i, chunk: n, bytes: d.length })
        tailBytes += d.length
      }
      if (s === note) continue
      keptBytes += d.length
      bytes = Math.max(bytes, o + d.length)
      end = Buffer.concat([end, d]).subarray(-tailOf.bytes)
    }
  }
  // Files come and go as a whole: here it is cut to the chunk.
  let [drop, dropped] = [0, 0]
  while (drop < sizes.length - 1 && tailBytes - dropped > maxTail) dropped += sizes[drop++]?.bytes ?? 0
  const first = sizes[drop]
  const isCut = dropped > 0 || (firstOfTail !== undefined && firstOfTail.q > lastOfHead.q + 1)
  const left = bytes - keptBytes + dropped
  const tail = new TextDecoder().decode(end).slice(-tailOf.characters)
  const cut =
    isCut && first && firstOfTail
      ? {
          file: first.file,
          chunks: first.chunk,
          marker: marker({ q: lastOfHead.q + 1, o: lastOfHead.end, t: firstOfTail.t }, left, 'left out here'),
        }
      : undefined
  return { cut, left, bytes, tail }
}
