import { hash } from 'node:crypto'
import { docName, docPath, parseDocPath, type Clock, type DocPlace, type Id, type Log } from '@tandem/shared'
import { cachedView, openFiles, seedText } from '@tandem/shared/docs'
import type { Blobs } from './link/blobs.ts'
import type { Bulk } from './link/bulk.ts'
import type { Attached, Documents } from './link/documents.ts'
import { followFeed, readFeed, type FeedEvent } from './link/feed.ts'
import { openText, readText } from './link/text.ts'
import type { Writers } from './link/writers.ts'
import type { Moved, ReadText, Workspace } from './mirror/ports.ts'

type WorkspaceOptions = {
  place: DocPlace
  daemonId: Id
  documents: Documents
  /** The index, held open as long as the workspace is used. */
  index: Attached
  bulk: Bulk
  blobs: Blobs
  /** Which of these contents the documents ever had; answers those of them. */
  find: (texts: readonly { file: Id; sha256: string }[], signal: AbortSignal) => Promise<readonly Id[]>
  writers: Writers
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
  blobs,
  find,
  writers,
  openFeed,
  deadMs,
  clock,
  log,
}: WorkspaceOptions): Workspace {
  const files = openFiles(index.doc)
  const nameOf = (fileId: Id) => docName(place, { kind: 'file', fileId })
  const seededUpTo = new Map<Id, number>()
  const waiting: (() => void)[] = []
  let opening = 0

  const textOf = ({ cursor, seq, doc }: FeedEvent): Moved => {
    const ref = doc === undefined ? undefined : parseDocPath(doc)
    if (ref?.kind !== 'file') return { cursor }
    const own = seededUpTo.get(ref.fileId)
    // What we put ourselves is no news.
    if (own !== undefined && seq <= own) return { cursor }
    seededUpTo.delete(ref.fileId)
    return { cursor, id: ref.fileId }
  }
  return {
    daemonId,
    history: `${place.workspaceId}/${place.epoch}`,
    files: {
      ...files,
      transact: (work, origin) => {
        const path = docPath({ kind: 'files' })
        writers.takeUp(path, index.doc, writers.cause())
        const result = files.transact(work, origin)
        writers.wrote(path, index.doc)
        return result
      },
    },
    ready: cachedView(() => index.isSynced(), index.onState),
    indexDurable: index.durable,
    open: async (id, signal) => {
      if (opening >= wave) await new Promise<void>((resolve) => waiting.push(resolve))
      else opening++
      try {
        return await openText(documents, writers, id, signal)
      } finally {
        const next = waiting.shift()
        if (next) next()
        else opening--
      }
    },
    holds: (fileId) => documents.holds({ kind: 'file', fileId }),
    read: async (ids, signal) => {
      const frames = await bulk.read(ids.map(nameOf), signal)
      const out = new Map<Id, ReadText>()
      for (const [i, id] of ids.entries())
        if (!frames[i]?.damaged) out.set(id, readText(writers, id, frames[i]?.update))
      return out
    },
    seed: async (texts, task, signal) => {
      const states = new Map<Id, string>()
      const idByName = new Map<string, Id>()
      const clientId = writers.seeding(task)
      const frames = texts.map(({ id, text }) => {
        const { update, state } = seedText(text, clientId)
        states.set(id, state)
        idByName.set(nameOf(id), id)
        return { doc: nameOf(id), update }
      })
      const { seq, refused } = await bulk.put('absent', frames, task, signal)
      for (const { id } of texts) seededUpTo.set(id, seq)
      for (const { doc, code, message } of refused) {
        log.warn('text refused', { doc, code, reason: message })
        states.delete(idByName.get(doc) ?? '')
      }
      return states
    },
    change: async (changes, task, signal) => {
      const idByName = new Map(changes.map(({ id }) => [nameOf(id), id]))
      const frames = changes.map(({ id, update }) => ({ doc: nameOf(id), update }))
      const { refused } = await bulk.put('update', frames, task, signal)
      for (const { doc, code, message } of refused) log.info('change refused', { doc, code, reason: message })
      return new Set(refused.map(({ doc }) => idByName.get(doc) ?? ''))
    },
    blobs,
    wasEver: async (texts, signal) => {
      const asked = texts.map(({ id, text }) => ({ file: id, sha256: hash('sha256', text) }))
      return new Set(await find(asked, signal))
    },
    cause: writers.cause,
    feed: async function* (since, signal) {
      for await (const event of followFeed({ open: openFeed, clock, log, deadMs }, since, signal)) yield textOf(event)
    },
    movedSince: async (since, signal) => (await readFeed(openFeed, since, signal)).map(textOf),
  }
}
