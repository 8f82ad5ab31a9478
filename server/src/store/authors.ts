import { Id } from '@tandem/shared'
import * as Y from 'yjs'
import type { Store, Write } from './store.ts'

/**
 * Who wrote what: every Yjs client id belongs to the principal that was first seen to use it. Changes that carry ids
 * of others are a peer passing on what it had received: recorded as "via", never refused.
 */
export type Authors = {
  /** Binds unknown ids in `update` to `principal`: the writes that keep this, and the ids that belong to others. */
  see(update: Uint8Array, principal: Id): { writes: Write[]; via: number[] }
  ownerOf(client: number): Id | undefined
}

export async function openAuthors(store: Store): Promise<Authors> {
  const principalByClient = new Map<number, Id>()
  for await (const [client, principal] of store.list('authors'))
    principalByClient.set(Number(client), Id.parse(principal))
  return {
    ownerOf: (client) => principalByClient.get(client),
    see: (update, principal) => {
      const writes: Write[] = []
      const via: number[] = []
      for (const client of Y.parseUpdateMeta(update).from.keys()) {
        const owner = principalByClient.get(client)
        if (owner === undefined) {
          principalByClient.set(client, principal)
          writes.push({ t: 'record', table: 'authors', key: String(client), value: principal })
        } else if (owner !== principal) via.push(client)
      }
      return { writes, via }
    },
  }
}
