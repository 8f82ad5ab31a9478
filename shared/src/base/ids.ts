import { monotonicFactory } from 'ulid'
import { z } from 'zod'

const form = /^[0-9A-HJKMNP-TV-Z]{26}$/

/** A ULID: 26 characters of Crockford base 32, sorting by time of creation. Every id of ours is one. */
export const Id = z.string().regex(form, 'not an id')
export type Id = z.infer<typeof Id>

/** Whether a string is one: for names of documents, of which tens of thousands are read at once. */
export const isId = (s: string | undefined): s is Id => s !== undefined && form.test(s)

/** Random bytes are fetched many at a time: one by one they cost more than all else of an id. */
const pool = new Uint8Array(4_096)
let used = pool.length
const next = monotonicFactory(() => {
  if (used === pool.length) {
    crypto.getRandomValues(pool)
    used = 0
  }
  return (pool[used++] ?? 0) / 256
})

/** A new id, greater than every id this process made before. */
export const createId = (): Id => next()
