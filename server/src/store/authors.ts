import { Cause, Id, type Clock } from '@tandem/shared'
import * as Y from 'yjs'
import { z } from 'zod'
import type { RecordWrite, Store } from './store.ts'

/** Whose a Yjs client id is, since when (server's time, ms; 0 where an older version did not keep it), and for what. */
const AuthorRecord = z.object({ principal: Id, at: z.number(), cause: Cause.optional() })
export type AuthorRecord = z.infer<typeof AuthorRecord>

type Author = { principal: Id; cause?: Cause | undefined }

/**
 * Who wrote what: every Yjs client id belongs to the principal that was first seen to use it. Changes that carry ids
 * of others are a peer passing on what it had received: recorded as "via", never refused.
 */
export type Authors = {
  /**
   * Binds unknown ids of a change to `author`: the writes that keep this, the ids that belong to others, and the cause
   * that the author's own id was declared to have.
   */
  see(clients: readonly number[], author: Author): { writes: RecordWrite[]; via: number[]; cause: Cause | undefined }
  /** These ids are that principal's, for that cause; an id that is somebody else's already stays theirs. */
  declare(clients: readonly number[], author: Author): RecordWrite[]
  of(client: number): AuthorRecord | undefined
}

/** The ids that an update has changes of. */
export const clientsIn = (update: Uint8Array): number[] => [...Y.parseUpdateMeta(update).from.keys()]

export async function openAuthors(store: Pick<Store, 'list'>, clock: Clock): Promise<Authors> {
  const recordByClient = new Map<number, AuthorRecord>()
  /** Nobody's, and nobody else's either. */
  const unreadable = new Set<number>()
  for await (const [client, value] of store.list('authors')) {
    // Version 1 kept the principal alone.
    const record = AuthorRecord.safeParse(typeof value === 'string' ? { principal: value, at: 0 } : value).data
    if (record) recordByClient.set(Number(client), record)
    else unreadable.add(Number(client))
  }
  const bind = (client: number, { principal, cause }: Author, at: number): RecordWrite => {
    const value: AuthorRecord = { principal, at, ...(cause && { cause }) }
    recordByClient.set(client, value)
    return { t: 'record', table: 'authors', key: String(client), value }
  }
  return {
    of: (client) => recordByClient.get(client),
    see: (clients, author) => {
      const writes: RecordWrite[] = []
      const via: number[] = []
      const { cause } = author
      let declared: Cause | undefined
      for (const client of clients) {
        const known = recordByClient.get(client)
        if (unreadable.has(client)) continue
        if (!known) writes.push(bind(client, author, clock.now()))
        else if (known.principal !== author.principal) via.push(client)
        else declared = known.cause
      }
      return { writes, via, cause: cause ?? declared }
    },
    declare: (clients, author) =>
      clients.flatMap((client) => {
        const known = recordByClient.get(client)
        // The first change may have come a moment before the word about it.
        if (unreadable.has(client)) return []
        const isOpen = !known || (known.principal === author.principal && !known.cause && author.cause)
        return isOpen ? [bind(client, author, known?.at ?? clock.now())] : []
      }),
  }
}
