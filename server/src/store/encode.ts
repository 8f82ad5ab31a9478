import { crc32 } from 'node:zlib'
import { Cause, TandemError } from '@tandem/shared'
import * as decoding from 'lib0/decoding'
import { z } from 'zod'
import type { Entry, EntryHead } from './store.ts'

const Head = z.object({
  doc: z.string(),
  previous: z.int(),
  author: z.string(),
  origin: z.enum(['socket', 'rest', 'bulk', 'server']),
  at: z.number(),
  cause: Cause.optional(),
  note: z.record(z.string(), z.unknown()).optional(),
  bytes: z.int(),
})

/** Puts a CRC-32 before the bytes, so that a torn or rotten value is known when it is read. */
export function seal(body: Uint8Array): Uint8Array {
  const out = new Uint8Array(body.length + 4)
  new DataView(out.buffer).setUint32(0, crc32(body))
  out.set(body, 4)
  return out
}

/** Undoes `seal`; throws `store-corrupt` naming `place` where the bytes are not what was written. */
export function unseal(sealed: Uint8Array, place: Readonly<Record<string, unknown>>): Uint8Array {
  if (sealed.length < 4) throw new TandemError('store-corrupt', { reason: 'a stored value is damaged', ...place })
  // A plain array: what comes from the database may be a Buffer.
  const body = new Uint8Array(sealed.buffer, sealed.byteOffset + 4, sealed.length - 4)
  const intact = new DataView(sealed.buffer, sealed.byteOffset, 4).getUint32(0) === crc32(body)
  if (!intact) throw new TandemError('store-corrupt', { reason: 'a stored value is damaged', ...place })
  return body
}

/**
 * An entry as it is kept, and its head, which is kept a second time in the order of all entries: sealed, the entry as
 * two byte strings (head, update), each after its length.
 */
export function encodeEntry(whole: Entry): { entry: Uint8Array; head: Uint8Array } {
  const { seq: _, update, ...facts } = whole
  const json = Buffer.from(JSON.stringify({ ...facts, bytes: update.length }))
  const head = Buffer.allocUnsafe(4 + json.length)
  head.set(json, 4)
  head.writeUInt32BE(crc32(json))
  const entry = Buffer.allocUnsafe(4 + maxLength * 2 + json.length + update.length)
  let at = putLength(entry, 4, json.length)
  entry.set(json, at)
  at = putLength(entry, at + json.length, update.length)
  entry.set(update, at)
  const body = entry.subarray(4, at + update.length)
  entry.writeUInt32BE(crc32(body))
  return { entry: entry.subarray(0, body.length + 4), head }
}

/** A length takes at most so many bytes. */
const maxLength = 5

/** Writes a length as lib0 reads it, seven bits a byte; returns the place behind it. */
function putLength(into: Uint8Array, start: number, length: number): number {
  let at = start
  for (let rest = length; ; rest = Math.floor(rest / 128)) {
    into[at++] = rest > 127 ? 128 | (rest % 128) : rest
    if (rest <= 127) return at
  }
}

export function decodeEntry(sealed: Uint8Array, doc: string, seq: number): Entry {
  const place = { doc, seq }
  const body = unseal(sealed, place)
  return reading('a stored entry cannot be read', place, () => {
    const d = decoding.createDecoder(body)
    const { bytes: _, ...head } = readHead(decoding.readVarUint8Array(d))
    if (head.doc !== doc) throw new TandemError('store-corrupt', { reason: 'an entry is in the wrong place', ...place })
    return { seq, ...head, update: decoding.readVarUint8Array(d) }
  })
}

export function decodeHead(sealed: Uint8Array, seq: number): EntryHead {
  const body = unseal(sealed, { seq })
  return reading('the head of a stored entry cannot be read', { seq }, () => {
    const { previous: _, ...head } = readHead(body)
    return { seq, ...head }
  })
}

const HeadOf1 = Head.pick({ author: true, origin: true, at: true, note: true })

/** An entry as version 1 of the data kept it; undefined for one of today. */
export function decodeEntryOf1(sealed: Uint8Array, doc: string, seq: number): Omit<Entry, 'previous'> | undefined {
  const place = { doc, seq }
  const body = unseal(sealed, place)
  return reading('a stored entry cannot be read', place, () => {
    const d = decoding.createDecoder(body)
    const raw: unknown = JSON.parse(decoding.readVarString(d))
    if (typeof raw === 'object' && raw !== null && 'previous' in raw) return undefined
    const { note, ...head } = HeadOf1.parse(raw)
    return { seq, doc, ...head, ...(note && { note }), update: decoding.readVarUint8Array(d) }
  })
}

/** Fields that are not there stay away, so that what is read equals what was written. */
function readHead(json: Uint8Array) {
  const { cause, note, ...head } = Head.parse(JSON.parse(decoder.decode(json)))
  return { ...head, ...(cause && { cause }), ...(note && { note }) }
}

function reading<T>(reason: string, place: Readonly<Record<string, unknown>>, read: () => T): T {
  try {
    return read()
  } catch (e) {
    throw new TandemError('store-corrupt', { reason, ...place }, e)
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
export const encodeJson = (value: unknown): Uint8Array => seal(encoder.encode(JSON.stringify(value)))
export const decodeJson = (sealed: Uint8Array, place: Readonly<Record<string, unknown>>): unknown =>
  JSON.parse(decoder.decode(unseal(sealed, place)))
