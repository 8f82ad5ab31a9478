import { TandemError, type Log } from '@tandem/shared'
import { z } from 'zod'
import type { UpdateLog } from '../store/log.ts'
import type { Store } from '../store/store.ts'

const Seq = z.int().nonnegative()
/**
 * Up to `upTo` only `versions` (ascending) are there, up to `forgotten` only those with a name; after it every one. What
 * stands between them is folded up to `folded`.
 */
const Thinned = z.object({ upTo: Seq, forgotten: Seq, folded: Seq, versions: z.array(Seq) })
export type Thinned = z.infer<typeof Thinned>

/** Which versions remain of those that were thinned. */
export type Kept = {
  /** This version, or the nearest before it that was kept; 0, at which there is nothing, where none was. */
  nearest(version: number): number
  thinned(): Thinned
  /** From this call on, and before any entry goes: what is read while they go is what is read after. Resolves once on disk; throws `store-corrupt`. */
  keep(thinned: Thinned): Promise<void>
}

const key = 'kept-versions'
const nothing: Thinned = { upTo: 0, forgotten: 0, folded: 0, versions: [] }

type Deps = { store: Pick<Store, 'read'>; updates: Pick<UpdateLog, 'write'>; log: Log }

export async function openKept({ store, updates, log }: Deps): Promise<Kept> {
  let thinned = nothing
  let damage: TandemError | undefined
  try {
    thinned = Thinned.parse((await store.read('meta', key)) ?? nothing)
  } catch (error) {
    // Everything else works. But which versions were kept is not known any more, so none may go.
    damage = new TandemError('store-corrupt', { reason: 'which versions were kept cannot be read', key }, error)
    log.error('kept versions unreadable', { error })
  }
  return {
    thinned: () => thinned,
    nearest: (version) => {
      if (version > thinned.upTo) return version
      return thinned.versions[firstAbove(thinned.versions, version) - 1] ?? 0
    },
    keep: async (next) => {
      if (damage) throw damage
      // At once: a version that gets a name from now on is one of those that remain. What fails is written all the same, later.
      thinned = next
      await updates.write([{ t: 'record', table: 'meta', key, value: next }])
    },
  }
}

/** The place of the first that is greater, in ascending numbers. */
export function firstAbove(numbers: readonly number[], than: number): number {
  let [low, high] = [0, numbers.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((numbers[middle] ?? 0) <= than) low = middle + 1
    else high = middle
  }
  return low
}
