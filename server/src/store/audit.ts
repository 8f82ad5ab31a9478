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
  /** Appends; never refuses: what cannot be written now is written once the store works again. Never give it a secret. */
  add(entry: { actor: string; action: string; object: string; details?: unknown }): void
  /** The newest entries before that number, newest first, and where the next page goes on. */
  page(range: { before?: number | undefined; limit: number }): Promise<{ entries: AuditEntry[]; next?: number }>
  /** The first entry whose chain does not hold, or that is missing; undefined where all is well. */
  verify(): Promise<number | undefined>
}

/** Who did what, append only and hash chained. */
export async function openAudit(
  store: Pick<Store, 'read' | 'list'>,
  log: Pick<UpdateLog, 'write'>,
  clock: Clock,
): Promise<Audit> {
  let { n, hash: previous } = await lastOf(store)
  let written = Promise.resolve()
  return {
    add: (facts) => {
      n += 1
      const entry = { n, at: clock.now(), ...facts, previous }
      previous = hashOf(entry)
      const value = { ...entry, hash: previous }
      const end: Last = { n, hash: previous }
      const writes = [
        { t: 'record', table: 'audit', key: keyOf(n), value },
        { t: 'record', table: 'meta', key: lastKey, value: end },
      ] as const
      written = log.write(writes).catch(() => {
        // The store keeps it, and says itself that it fails.
      })
    },
    page: async ({ before = n + 1, limit }) => {
      await written
      const newest = Math.min(before - 1, n)
      const oldest = Math.max(1, newest - limit + 1)
      const entries: AuditEntry[] = []
      for (let i = newest; i >= oldest; i -= 1) {
        // One that cannot be read is not shown; `verify` tells of it.
        const entry = AuditEntry.safeParse(await store.read('audit', keyOf(i)).catch(() => undefined)).data
        if (entry) entries.push(entry)
      }
      return { entries, ...(oldest > 1 && { next: oldest }) }
    },
    verify: async () => {
      const end = { n, hash: previous }
      await written
      let before = ''
      for (let i = 1; i <= end.n; i += 1) {
        const parsed = AuditEntry.safeParse(await store.read('audit', keyOf(i)).catch(() => undefined))
        if (!parsed.success) return i
        const { hash, ...entry } = parsed.data
        if (entry.n !== i || entry.previous !== before || hash !== hashOf(entry)) return i
        before = hash
      }
      return before === end.hash ? undefined : end.n
    },
  }
}

const keyOf = (n: number) => String(n).padStart(12, '0')

/** Written with each entry, so that a start does not read them all, and that a missing end shows. */
const lastKey = 'audit-last'
const Last = z.object({ n: z.int(), hash: z.string() })
type Last = z.infer<typeof Last>

async function lastOf(store: Pick<Store, 'read' | 'list'>): Promise<Last> {
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
