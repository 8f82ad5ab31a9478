import { type Author, type AuthorsAnswer, type Clock, type Log } from '@tandem/shared'
import type { View } from '@tandem/shared/docs'
import { createState } from './state.ts'

/** Ids that appear together, as a file opens or others type, are asked for together. */
const gatherMs = 150
/** How long an id that nobody knew is left alone: its first change may be on its way. */
const againMs = 5_000
const maxAtOnce = 2_000

export type KnownAuthors = { byClient: ReadonlyMap<number, Author> }

type Deps = { ask: (clients: number[]) => Promise<AuthorsAnswer>; clock: Clock; log: Log }

/** Whom Yjs client ids belong to: each is asked for once, many in one request, and never again once it is known. */
export function createAuthors({ ask, clock, log }: Deps) {
  const known = createState<KnownAuthors>({ byClient: new Map() })
  const wanted = new Set<number>()
  /** When an id was last asked for in vain. */
  const askedAt = new Map<number, number>()
  let isAsking = false

  const round = async () => {
    const clients = [...wanted].slice(0, maxAtOnce)
    for (const client of clients) {
      wanted.delete(client)
      askedAt.set(client, clock.now())
    }
    try {
      const { authors } = await ask(clients)
      if (authors.length > 0) {
        const found = authors.map(({ client, author }) => [client, author] as const)
        known.set({ byClient: new Map([...known.snapshot().byClient, ...found]) })
      }
    } catch (e) {
      log.debug('authors could not be asked for', { error: e })
    }
    isAsking = false
    if (wanted.size > 0) start()
  }
  const start = () => {
    if (isAsking) return
    isAsking = true
    clock.after(gatherMs, () => void round())
  }
  return {
    known: known as View<KnownAuthors>,
    /** Asks for those that are not known yet; `known` changes when the answer is here. */
    want: (clients: Iterable<number>) => {
      const { byClient } = known.snapshot()
      for (const client of clients) {
        const asked = askedAt.get(client)
        if (byClient.has(client) || (asked !== undefined && clock.now() - asked < againMs)) continue
        wanted.add(client)
      }
      if (wanted.size > 0) start()
    },
  }
}

export type Authors = ReturnType<typeof createAuthors>
