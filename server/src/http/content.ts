import { hash } from 'node:crypto'
import { TandemError } from '@tandem/shared'
import type { FileEntry, FileFacts } from '@tandem/shared/docs'
import type { BlobStore } from '../store/blobs.ts'

const bomText = '\uFEFF'
const encoder = new TextEncoder()

/** What stands at an address: undefined for nothing, and without an ETag what has no content here, such as a folder. */
export type Current = { etag?: string } | undefined

/** The hash of the bytes, as an HTTP entity tag. */
export const etagOf = (bytes: Uint8Array): string => tagOf(hash('sha256', bytes))
/** The entity tag of what has this hash. */
export const tagOf = (sha256: string): string => `"${sha256}"`

/** A file's bytes as they are on disk: its line ends and byte order mark are facts beside the text. */
export function encodeText(text: string, facts: FileFacts | undefined): Uint8Array<ArrayBuffer> {
  const lines = facts?.eol === 'crlf' ? text.replaceAll('\n', '\r\n') : text
  return new Uint8Array(encoder.encode((facts?.bom ? bomText : '') + lines))
}

/** The text in bytes that someone sends; undefined for what is no text. */
export function decodeText(bytes: Uint8Array): { text: string; eol: FileFacts['eol']; bom: boolean } | undefined {
  let raw: string
  try {
    raw = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined // Not UTF-8.
  }
  if (raw.includes('\0')) return undefined
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

/** A file's bytes, to be answered whole or in part. */
export type Raw = {
  etag: string
  size: number
  isText: boolean
  /** Those with `from <= place < to`, in pieces. */
  read(from: number, to: number): AsyncGenerator<Uint8Array>
}

type Sources = { blobs: BlobStore; textOf(entry: FileEntry): Promise<string> }

/** What is read of a file. Throws `not-found`, saying why, for what has no content on the server. */
export async function rawOf(entry: FileEntry, { blobs, textOf }: Sources): Promise<Raw> {
  const { path, kind, facts } = entry
  const { withheld, blob } = facts ?? {}
  if (kind === 'text' && withheld === undefined) return rawText(encodeText(await textOf(entry), facts))
  const raw = kind === 'blob' && withheld === undefined && blob !== undefined ? await rawBlob(blobs, blob) : undefined
  if (raw) return raw
  const isOnItsWay = kind === 'blob' && withheld === undefined
  const reason = isOnItsWay
    ? 'the content of this file has not come to the server yet'
    : `the content of this ${kind} is not shared`
  throw new TandemError('not-found', { reason, path, withheld })
}

const rawText = (bytes: Uint8Array): Raw => ({
  etag: etagOf(bytes),
  size: bytes.length,
  isText: true,
  read: async function* (from, to) {
    yield bytes.subarray(from, to)
  },
})

/** Undefined where the server does not have it whole. */
export async function rawBlob(blobs: BlobStore, sha256: string): Promise<Raw | undefined> {
  const { received, complete } = await blobs.look(sha256)
  if (!complete) return undefined
  return { etag: tagOf(sha256), size: received, isText: false, read: (from, to) => blobs.read(sha256, from, to) }
}

/** Keeps bytes that came at once as a blob; answers its hash once it is on disk. */
export async function keepBlob(blobs: BlobStore, bytes: Uint8Array): Promise<string> {
  const sha256 = hash('sha256', bytes)
  let now = await blobs.look(sha256)
  while (!now.complete) {
    const piece = { offset: now.received, size: bytes.length, bytes: bytes.subarray(now.received) }
    now = await blobs.put(sha256, piece)
  }
  return sha256
}
