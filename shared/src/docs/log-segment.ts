import { z } from 'zod'
import { maxSegmentBytes } from '../protocol/task.ts'
import { LogChunk, maxChunkBytes } from './task-log.ts'

export { maxSegmentBytes }

/** A chunk as a line of JSON: `d` its text, or `b` its bytes in base64 where they are no UTF-8, or much shorter so. */
const LogLine = z.object({
  ...LogChunk.omit({ d: true }).shape,
  d: z.string().max(maxChunkBytes).optional(),
  b: z
    .base64()
    .max(Math.ceil(maxChunkBytes / 3) * 4)
    .optional(),
})

const encoder = new TextEncoder()
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lenient = new TextDecoder()

/** One line of a segment, with its line end: at most a third longer than the bytes, and 130 more. */
export function writeLogLine({ d, ...facts }: LogChunk): string {
  const text = textOf(d)
  const json = JSON.stringify(text)
  // All that JSON adds is ASCII: so many bytes it is longer than the text.
  const isText = text !== undefined && json.length - text.length <= d.length / 3 + 64
  // It is much the longest part: written once.
  const rest = isText ? `"d":${json}` : `"b":"${toBase64(d)}"`
  return `${JSON.stringify(facts).slice(0, -1)},${rest}}\n`
}

/** The chunks of a segment, in order; a line that is none, such as one that a crash cut, is left out. */
export function readLogSegment(bytes: Uint8Array): LogChunk[] {
  return lenient
    .decode(bytes.subarray(0, 2 * maxSegmentBytes))
    .split('\n')
    .flatMap((line) => readLine(line) ?? [])
}

function readLine(line: string): LogChunk | undefined {
  if (line === '') return undefined
  let raw: unknown
  try {
    raw = JSON.parse(line)
  } catch {
    return undefined // Cut, or never one of ours.
  }
  const { data } = LogLine.safeParse(raw)
  if (!data) return undefined
  const { d, b, ...facts } = data
  return { ...facts, d: b === undefined ? new Uint8Array(encoder.encode(d ?? '')) : fromBase64(b) }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes)
  } catch {
    return undefined // Not UTF-8.
  }
}

function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

const fromBase64 = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
