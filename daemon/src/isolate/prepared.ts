import { createHash } from 'node:crypto'
import type { Modules } from './messages.ts'

/** So many characters of code at most are kept prepared. */
const maxKept = 16 * 2 ** 20

/** Modules as they were prepared, by what they were made of [S156]; those not asked for longest go first. */
export function createPrepared(history: string) {
  const kept = new Map<string, { modules: Modules; size: number }>()
  let held = 0
  return {
    /** Names them: the same for the same modules of the same history of the workspace. */
    keyOf: (modules: Modules): string => {
      const sorted = Object.entries(modules).toSorted(([a], [b]) => (a < b ? -1 : 1))
      return createHash('sha256')
        .update(JSON.stringify([history, sorted]))
        .digest('hex')
    },
    find: (key: string): Modules | undefined => {
      const found = kept.get(key)
      if (!found) return undefined
      kept.delete(key)
      kept.set(key, found)
      return found.modules
    },
    keep: (key: string, modules: Modules): void => {
      if (kept.has(key)) return
      const size = Object.values(modules).reduce((sum, { code, map = '' }) => sum + code.length + map.length, 0)
      kept.set(key, { modules, size })
      held += size
      for (const [oldest, { size: freed }] of kept) {
        if (held <= maxKept) break
        kept.delete(oldest)
        held -= freed
      }
    },
  }
}
