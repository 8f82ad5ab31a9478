import { createHash } from 'node:crypto'
import { TandemError } from '@tandem/shared'
import type { FileFacts } from '@tandem/shared/docs'

const bomText = '\uFEFF'
const encoder = new TextEncoder()

/** What stands at an address: undefined for nothing, and without an ETag what has no content here, such as a folder. */
export type Current = { etag?: string } | undefined

/** The hash of the bytes, as an HTTP entity tag. */
export const etagOf = (bytes: Uint8Array): string => `"${createHash('sha256').update(bytes).digest('hex')}"`

/** A file's bytes as they are on disk: its line ends and byte order mark are facts beside the text. */
export function encodeText(text: string, facts: FileFacts | undefined): Uint8Array<ArrayBuffer> {
  const lines = facts?.eol === 'crlf' ? text.replaceAll('\n', '\r\n') : text
  return new Uint8Array(encoder.encode((facts?.bom ? bomText : '') + lines))
}

/** The text in bytes that someone sends. Throws `validation-failed` for what is no text. */
export function decodeText(bytes: Uint8Array): { text: string; eol: FileFacts['eol']; bom: boolean } {
  let raw: string
  try {
    raw = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (e) {
    throw new TandemError('validation-failed', { reason: 'only UTF-8 text can be shared as yet' }, e)
  }
  if (raw.includes('\0')) throw new TandemError('validation-failed', { reason: 'only UTF-8 text can be shared as yet' })
  const bom = raw.startsWith(bomText)
  const body = bom ? raw.slice(1) : raw
  const crlf = body.split('\r\n').length - 1
  const bare = body.split('\n').length - 1 - crlf
  return {
    text: crlf > 0 ? body.replaceAll('\r\n', '\n') : body,
    eol: crlf === 0 ? 'lf' : bare === 0 ? 'crlf' : 'mixed',
    bom,
  }
}
