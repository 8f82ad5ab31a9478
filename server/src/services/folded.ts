import type { Clock, Id } from '@tandem/shared'
import type { UpdateLog } from '../store/log.ts'
import type { Store } from '../store/store.ts'

/** Ids of requests that were folded, remembered longer than a replica of theirs is likely to be away. */
export type Folded = { has(id: Id): boolean; add(id: Id): void }

/** After this long a folded request is forgotten, ms. Its task remains, so the same request still makes no second one. */
export const foldedLifeMs = 30 * 24 * 3_600_000
const pruneEveryMs = 24 * 3_600_000

type Deps = { store: Pick<Store, 'list'>; updates: Pick<UpdateLog, 'write'>; clock: Clock }

export async function openFolded({ store, updates, clock }: Deps): Promise<Folded> {
  const atById = new Map<string, number>()
  for await (const [id, at] of store.list('folded')) atById.set(id, typeof at === 'number' ? at : clock.now())
  const write = (key: string, value: number | undefined) => {
    updates.write([{ t: 'record', table: 'folded', key, value }]).catch(() => {
      // The store keeps it, and says itself that it fails.
    })
  }
  let prunedAt = 0
  const prune = () => {
    const now = clock.now()
    if (now - prunedAt < pruneEveryMs) return
    prunedAt = now
    for (const [id, at] of atById) {
      if (now - at <= foldedLifeMs) continue
      atById.delete(id)
      write(id, undefined)
    }
  }
  prune()
  return {
    has: (id) => atById.has(id),
    // Gathered into the same batch as the change that is made in this turn.
    add: (id) => {
      atById.set(id, clock.now())
      write(id, clock.now())
      prune()
    },
  }
}
