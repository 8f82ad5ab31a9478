import { setImmediate } from 'node:timers'
import type { Db } from './level-keys.ts'

type Asked = { k: string; resolve: (value: Uint8Array | undefined) => void; reject: (e: unknown) => void }

/**
 * Reads single values. What is asked for in the same turn of the event loop is read together: each reading is handed to
 * another thread, and that takes longer than LevelDB does.
 */
export function createGathered(db: Pick<Db, 'get' | 'getMany'>): (k: string) => Promise<Uint8Array | undefined> {
  let waiting: Asked[] = []
  const readAll = async () => {
    const asked = waiting
    waiting = []
    try {
      const values = await db.getMany(asked.map(({ k }) => k))
      for (const [i, { resolve }] of asked.entries()) resolve(values[i])
    } catch {
      // One that cannot be read must not fail the others.
      for (const { k, resolve, reject } of asked) db.get(k).then(resolve, reject)
    }
  }
  return (k) =>
    new Promise((resolve, reject) => {
      if (waiting.push({ k, resolve, reject }) === 1) setImmediate(() => void readAll())
    })
}
