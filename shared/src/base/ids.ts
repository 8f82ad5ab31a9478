import { monotonicFactory } from 'ulid'
import { z } from 'zod'

/** A ULID: 26 characters of Crockford base 32, sorting by time of creation. Every id of ours is one. */
export const Id = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/, 'not an id')
export type Id = z.infer<typeof Id>

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
