import type { Connection } from '@hocuspocus/server'
import type { Log } from '@tandem/shared'
import * as Y from 'yjs'

/** What an update does to a document's size; undefined where it cannot be read. */
export type Reading = { bytes: number; adds: boolean; deletes: number } | undefined

export function readUpdate(update: Uint8Array): Reading {
  try {
    const { structs, ds } = Y.decodeUpdate(update)
    const deletes = [...ds.clients.values()].flat().reduce((sum, { len }) => sum + len, 0)
    return { bytes: update.length, adds: structs.length > 0, deletes }
  } catch {
    return undefined
  }
}

/** To measure truly means to encode the whole document: once in so many bytes that came or went. */
const measureEveryBytes = 1_024

type Measured = { bytes: number; grown: number; freed: number }

/** Keeps documents below `maxDocBytes`, however small the steps in which somebody grows them. */
export function createSizeGuard(maxDocBytes: number) {
  const measured = new WeakMap<Y.Doc, Measured>()
  /** Connections whose message of this moment would make a document too large. */
  const refused = new WeakSet<Connection>()

  const measure = (document: Y.Doc): Measured => {
    const now = { bytes: Y.encodeStateAsUpdate(document).length, grown: 0, freed: 0 }
    measured.set(document, now)
    return now
  }

  return {
    /**
     * Whether an update may be applied. `keptBytes` is what the log has of the document: more than its true size, since
     * it counts what was deleted since. What only deletes is always let in, or nobody could make room.
     */
    admits: (document: Y.Doc, { bytes, adds, deletes }: NonNullable<Reading>, keptBytes: number): boolean => {
      let last = measured.get(document)
      if (last) last.freed += deletes
      if (!adds) return true
      if (keptBytes + bytes <= maxDocBytes) {
        measured.delete(document)
        return true
      }
      const fits = ({ bytes: had, grown }: Measured) => had + grown + bytes <= maxDocBytes
      if (!last || (!fits(last) && last.grown + last.freed >= measureEveryBytes)) last = measure(document)
      if (!fits(last)) return false
      last.grown += bytes
      return true
    },
    /** Refuses this message as a read-only write is: closing with 1009 would make the client loop for ever. */
    refuse: (
      connection: Connection,
      socketLog: Log,
      doc: string,
      message = `${doc} would be larger than ${maxDocBytes} bytes`,
    ) => {
      connection.readOnly = true
      refused.add(connection)
      socketLog.warn('document too large', { doc, reason: message })
      connection.sendStateless(JSON.stringify({ t: 'error', code: 'too-large', message, details: { doc } }))
    },
    /** True once after a refusal: the connection may write again what it may. */
    wasRefused: (connection: Connection): boolean => refused.delete(connection),
  }
}
