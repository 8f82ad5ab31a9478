import { docName, parseDocPath, type Clock, type DocPlace, type Id, type Log } from '@tandem/shared'
import { cachedView, openFiles, readFileUpdate, seedText } from '@tandem/shared/docs'
import type { Bulk } from './link/bulk.ts'
import type { Attached, Documents } from './link/documents.ts'
import { followFeed, readFeed, type FeedEvent } from './link/feed.ts'
import { openText } from './link/text.ts'
import type { Moved, RemoteText, Workspace } from './mirror/ports.ts'

type WorkspaceOptions = {
  place: DocPlace
  daemonId: Id
  documents: Documents
  /** The index, held open as long as the workspace is used. */
  index: Attached
  bulk: Bulk
  openFeed: Parameters<typeof readFeed>[0]
  deadMs: number
  clock: Clock
  log: Log
}

/** How many texts are being opened at once: handshakes beyond that only wait for each other. */
const wave = 32

/** The documents of one workspace, as the mirror wants them, over the link. */
export function openWorkspace({
  place,
  daemonId,
  documents,
  index,
  bulk,
  openFeed,
  deadMs,
  clock,
  log,
}: WorkspaceOptions): Workspace {
  // Fresh for each process: whose insertions these are is known by it.
  const clientId = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1
  const seededUpTo = new Map<Id, number>()
  const waiting: (() => void)[] = []
  let opening = 0

  const textOf = ({ cursor, doc }: FeedEvent): Moved => {
    const ref = doc === undefined ? undefined : parseDocPath(doc)
    if (ref?.kind !== 'file') return { cursor }
    const own = seededUpTo.get(ref.fileId)
    // What we put ourselves is no news.
    if (own !== undefined && Number(cursor.split('.')[1]) <= own) return { cursor }
    seededUpTo.delete(ref.fileId)
    return { cursor, id: ref.fileId }
  }
  return {
    daemonId,
    history: `${place.workspaceId}/${place.epoch}`,
    files: openFiles(index.doc),
    ready: cachedView(() => index.isSynced(), index.onState),
    indexDurable: index.durable,
    open: async (id, signal) => {
      if (opening >= wave) await new Promise<void>((resolve) => waiting.push(resolve))
      else opening++
      try {
        return await openText(documents, id, signal)
      } finally {
        const next = waiting.shift()
        if (next) next()
        else opening--
      }
    },
    read: async (ids, signal) => {
      const frames = await bulk.read(
        ids.map((fileId) => docName(place, { kind: 'file', fileId })),
        signal,
      )
      const out = new Map<Id, RemoteText>()
      for (const [i, id] of ids.entries()) if (!frames[i]?.damaged) out.set(id, readFileUpdate(frames[i]?.update))
      return out
    },
    seed: async (texts, signal) => {
      const states = new Map<Id, string>()
      const frames = texts.map(({ id, text }) => {
        const { update, state } = seedText(text, clientId)
        states.set(id, state)
        return { doc: docName(place, { kind: 'file', fileId: id }), update }
      })
      const { seq } = await bulk.put(frames, signal)
      for (const { id } of texts) seededUpTo.set(id, seq)
      return states
    },
    feed: async function* (since, signal) {
      for await (const event of followFeed({ open: openFeed, clock, log, deadMs }, since, signal)) yield textOf(event)
    },
    movedSince: async (since, signal) => (await readFeed(openFeed, since, signal)).map(textOf),
  }
}
