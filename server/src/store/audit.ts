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
  let n = 0
  let previous = ''
  for await (const [, raw] of store.list('audit')) {
    const entry = AuditEntry.parse(raw)
    n = entry.n
    previous = entry.hash
  }
  return {
    add: (facts) => {
      n += 1
      const entry = { n, at: clock.now(), ...facts, previous }
      previous = hashOf(entry)
      const value = { ...entry, hash: previous }
      log.write([{ t: 'record', table: 'audit', key: String(n).padStart(12, '0'), value }]).catch(() => {
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

const hashOf = ({ n, at, actor, action, object, details, previous }: Omit<AuditEntry, 'hash'>): string =>
  createHash('sha256')
    .update(JSON.stringify([n, at, actor, action, object, details ?? null, previous]))
    .digest('hex')
