import { crc32 } from 'node:zlib'
import { TandemError } from '@tandem/shared'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { z } from 'zod'
import type { Entry } from './store.ts'

const Head = z.object({
  author: z.string(),
  origin: z.enum(['socket', 'rest', 'bulk', 'server']),
  at: z.number(),
  note: z.record(z.string(), z.unknown()).optional(),
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

export function encodeEntry({ author, origin, at, note, update }: Entry): Uint8Array {
  const e = encoding.createEncoder()
  encoding.writeVarString(e, JSON.stringify({ author, origin, at, note }))
  encoding.writeVarUint8Array(e, update)
  return seal(encoding.toUint8Array(e))
}

export function decodeEntry(sealed: Uint8Array, doc: string, seq: number): Entry {
  const body = unseal(sealed, { doc, seq })
  try {
    const d = decoding.createDecoder(body)
    const { note, ...head } = Head.parse(JSON.parse(decoding.readVarString(d)))
    return { seq, doc, ...head, ...(note && { note }), update: decoding.readVarUint8Array(d) }
  } catch (e) {
    throw new TandemError('store-corrupt', { reason: 'a stored entry cannot be read', doc, seq }, e)
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
export const encodeJson = (value: unknown): Uint8Array => seal(encoder.encode(JSON.stringify(value)))
export const decodeJson = (sealed: Uint8Array, place: Readonly<Record<string, unknown>>): unknown =>
  JSON.parse(decoder.decode(unseal(sealed, place)))
