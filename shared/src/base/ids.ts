import { monotonicFactory } from 'ulid'
import { z } from 'zod'

/** A ULID: 26 characters of Crockford base 32, sorting by time of creation. Every id of ours is one. */
export const Id = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/, 'not an id')
export type Id = z.infer<typeof Id>

const next = monotonicFactory()

/** A new id, greater than every id this process made before. */
export const createId = (): Id => next()
