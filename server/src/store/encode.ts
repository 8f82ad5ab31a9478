import { crc32 } from 'node:zlib'
import { Cause, TandemError } from '@tandem/shared'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
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

/** An entry as it is kept, and its head, which is kept a second time in the order of all entries. */
export function encodeEntry(whole: Entry): { entry: Uint8Array; head: Uint8Array } {
  const { seq: _, update, ...head } = whole
  const json = encoder.encode(JSON.stringify({ ...head, bytes: update.length }))
  const e = encoding.createEncoder()
  encoding.writeVarUint8Array(e, json)
  encoding.writeVarUint8Array(e, update)
  return { entry: seal(encoding.toUint8Array(e)), head: seal(json) }
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

/** An entry as version 1 of the data kept it. */
export function decodeEntryOf1(sealed: Uint8Array, doc: string, seq: number): Omit<Entry, 'previous'> {
  const place = { doc, seq }
  const body = unseal(sealed, place)
  return reading('a stored entry cannot be read', place, () => {
    const d = decoding.createDecoder(body)
    const { note, ...head } = HeadOf1.parse(JSON.parse(decoding.readVarString(d)))
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
