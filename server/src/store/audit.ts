import { createHash } from 'node:crypto'
import type { Clock } from '@tandem/shared'
import { z } from 'zod'
import type { UpdateLog } from './log.ts'
import type { Store } from './store.ts'

const AuditEntry = z.object({
  n: z.int(),
  at: z.number(),
  actor: z.string(),
  action: z.string(),
  object: z.string(),
  details: z.unknown().optional(),
  /** Hash of the entry before, so that a change of the past shows. */
  previous: z.string(),
  hash: z.string(),
})
export type AuditEntry = z.infer<typeof AuditEntry>

export type Audit = {
  /** Appends; never refuses: what cannot be written now is written once the store works again. */
  add(entry: { actor: string; action: string; object: string; details?: unknown }): void
  /** The first entry whose chain does not hold; undefined where all is well. */
  verify(): Promise<number | undefined>
}

/** Who did what, append only and hash chained. */
export async function openAudit(store: Store, log: Pick<UpdateLog, 'write'>, clock: Clock): Promise<Audit> {
  let { n, hash: previous } = await lastOf(store)
  return {
    add: (facts) => {
      n += 1
      const entry = { n, at: clock.now(), ...facts, previous }
      previous = hashOf(entry)
      const value = { ...entry, hash: previous }
      const end: Last = { n, hash: previous }
      const writes = [
        { t: 'record', table: 'audit', key: String(n).padStart(12, '0'), value },
        { t: 'record', table: 'meta', key: lastKey, value: end },
      ] as const
      log.write(writes).catch(() => {
        // The store keeps it, and says itself that it fails.
      })
    },
    verify: async () => {
      let before = ''
      let count = 0
      for await (const [, raw] of store.list('audit')) {
        const { hash, ...entry } = AuditEntry.parse(raw)
        count += 1
        if (entry.n !== count || entry.previous !== before || hash !== hashOf(entry)) return entry.n
        before = hash
      }
      return undefined
    },
  }
}

/** Written with each entry, so that a start does not read them all. */
const lastKey = 'audit-last'
const Last = z.object({ n: z.int(), hash: z.string() })
type Last = z.infer<typeof Last>

async function lastOf(store: Store): Promise<Last> {
  const kept = Last.safeParse(await store.read('meta', lastKey)).data
  if (kept) return kept
  // Data of a version that did not keep it, or a new store.
  let last: Last = { n: 0, hash: '' }
  for await (const [, raw] of store.list('audit')) last = AuditEntry.parse(raw)
  return last
}

const hashOf = ({ n, at, actor, action, object, details, previous }: Omit<AuditEntry, 'hash'>): string =>
  createHash('sha256')
    .update(JSON.stringify([n, at, actor, action, object, details ?? null, previous]))
    .digest('hex')
