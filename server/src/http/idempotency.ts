import { createHash } from 'node:crypto'
import { Id, type Clock } from '@tandem/shared'
import { z } from 'zod'
import type { UpdateLog } from '../store/log.ts'

/** What was made with a key, and the hash of what was asked for. */
const Made = z.object({ task: Id, hash: z.string(), at: z.number() })
type Made = z.infer<typeof Made>

/** So long a key means the same thing. */
const idempotencyLifeMs = 24 * 3_600_000

export type Idempotency = {
  find(by: Id, key: string): Promise<Made | undefined>
  /** Resolves once it is on disk. */
  keep(by: Id, key: string, made: Omit<Made, 'at'>): Promise<void>
}

/** What callers asked for with keys of their own, for a day: whoever asks again, unsure whether they were heard, gets the same. */
export function createIdempotency({ updates, clock }: { updates: UpdateLog; clock: Clock }): Idempotency {
  let prunedAt = clock.now()
  const nameOf = (by: Id, key: string) => `${by}.${createHash('sha256').update(key).digest('base64url')}`
  const isOver = ({ at }: Made) => clock.now() - at > idempotencyLifeMs
  const prune = async () => {
    if (clock.now() - prunedAt < idempotencyLifeMs) return
    prunedAt = clock.now()
    for await (const [key, value] of updates.list('idempotency')) {
      const { data } = Made.safeParse(value)
      if (data && isOver(data)) await updates.write([{ t: 'record', table: 'idempotency', key, value: undefined }])
    }
  }
  return {
    find: async (by, key) => {
      const { data } = Made.safeParse(await updates.read('idempotency', nameOf(by, key)))
      return data && !isOver(data) ? data : undefined
    },
    keep: async (by, key, made) => {
      const value: Made = { ...made, at: clock.now() }
      await updates.write([{ t: 'record', table: 'idempotency', key: nameOf(by, key), value }])
      await prune()
    },
  }
}

/** A hash of a value that JSON can say, whatever the order of its keys. */
export const hashOf = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(value, (_, each: unknown) => (isPlain(each) ? inOrder(each) : each)))
    .digest('base64url')

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const inOrder = (value: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
