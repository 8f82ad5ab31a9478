import type { Document, Hocuspocus } from '@hocuspocus/server'
import type { Clock } from '@tandem/shared'
import type { Context } from './doors.ts'

export type Idle = {
  /** Call for every document that was loaded. */
  loaded(document: Document): void
  /** Call now and then: unloads what has had no user for the time set. */
  sweep(engine: Hocuspocus<Context>): Promise<void>
}

/**
 * Memory follows what is open: documents that nobody has had open for `idleMs` are unloaded. Until then they are kept
 * warm by a hold of ours, which also spares joins from meeting an unload.
 */
export function createIdle(idleMs: number, clock: Clock): Idle {
  const warm = new WeakSet<Document>()
  const unusedSince = new WeakMap<Document, number>()
  return {
    loaded: (document) => {
      warm.add(document)
      document.addDirectConnection()
    },
    sweep: async (engine) => {
      const now = clock.now()
      for (const document of [...engine.documents.values()]) {
        const isUsed = document.getConnectionsCount() > (warm.has(document) ? 1 : 0)
        if (isUsed) {
          unusedSince.delete(document)
          continue
        }
        const since = unusedSince.get(document) ?? now
        unusedSince.set(document, since)
        if (now - since < idleMs) continue
        if (warm.delete(document)) document.removeDirectConnection()
        await engine.unloadDocument(document)
      }
    },
  }
}
