import type {
  AuthorsAnswer,
  Blame,
  ChangesAnswer,
  Clock,
  FileDiff,
  FindAnswer,
  FindRequest,
  HistoryPage,
  Id,
  Log,
} from '@tandem/shared'
import { TandemError, docPath } from '@tandem/shared'
import type { FilesSnapshot } from '@tandem/shared/docs'
import type { BlobStore } from '../store/blobs.ts'
import type { UpdateLog } from '../store/log.ts'
import type { Store } from '../store/store.ts'
import { blameText } from './blame.ts'
import { createCheckpoints, type Checkpoints } from './checkpoints.ts'
import { diffVersions } from './diff.ts'
import { findTexts } from './find.ts'
import type { Ground } from './ground.ts'
import { openKept } from './kept.ts'
import type { People } from './people.ts'
import { createRestoring, type Restoring } from './restore.ts'
import { thinPast } from './retention.ts'
import { readTimeline } from './timeline.ts'
import { createVersionStore, type VersionStore } from './versions.ts'
import { createWriters } from './writers.ts'

/** The past of a workspace: what happened, how everything was, who wrote what, and bringing it back. */
export type History = Restoring & {
  versions: VersionStore
  checkpoints: Checkpoints
  /** Steps from `cursor` (or the newest) down. Throws `not-found` for a path that no file has. */
  page(wanted: {
    path?: string | undefined
    file?: Id | undefined
    author?: Id | undefined
    cursor?: number | undefined
    limit: number
  }): Promise<HistoryPage>
  diff(wanted: { from: number; to: number; path?: string | undefined; file?: Id | undefined }): Promise<FileDiff[]>
  /** Throws `not-found` where there was no such text. */
  blame(path: string, version: number): Promise<Blame>
  authors(clients: readonly number[]): AuthorsAnswer['authors']
  /** Whose these changes of a document (`docPath`) are; those that the log does not have are absent. */
  changes(doc: string, changes: readonly { client: number; clock: number }[]): Promise<ChangesAnswer['changes']>
  /** As `findTexts` says; one who asks after the other, since it is much work. */
  find(texts: FindRequest['texts'], signal: AbortSignal): Promise<FindAnswer['found']>
  /** Thins what is older (server's times, ms), as `thinPast` says; returns how many entries of the log went. */
  thin(older: { thinBefore: number; forgetBefore: number }, signal: AbortSignal): Promise<number>
}

type Deps = {
  store: Pick<Store, 'read'>
  updates: UpdateLog
  blobs: Pick<BlobStore, 'look'>
  ground: Ground
  people: People
  serverId: Id
  maxTextBytes: number
  clock: Clock
  log: Log
}

export async function openHistory({
  store,
  updates,
  blobs,
  ground,
  people,
  serverId,
  maxTextBytes,
  clock,
  log,
}: Deps): Promise<History> {
  const kept = await openKept({ store, updates, log })
  const versions = createVersionStore({ updates, kept })
  const checkpoints = createCheckpoints({ ground, versions, updates, serverId, clock })
  const writers = createWriters(updates)
  const { authors } = updates
  let finding: Promise<unknown> = Promise.resolve()

  return {
    ...createRestoring({ ground, updates, versions, blobs, checkpoints, maxTextBytes, clock }),
    versions,
    checkpoints,
    page: async ({ path, file, author, cursor, limit }) => {
      const head = updates.head()
      const files =
        file !== undefined ? new Set([file]) : path !== undefined ? at(await versions.index(head), path) : undefined
      const isCut = await checkpoints.isCut()
      const from = Math.min(cursor ?? head, head)
      const { steps, next } = await readTimeline(
        { updates, versions, isCut },
        { from, downTo: kept.thinned().forgotten, limit, files, author },
      )
      return {
        version: head,
        steps: steps.map(({ first, author: id, cause, ...step }) => ({
          ...step,
          before: first - 1,
          author: people(id, cause),
        })),
        ...(next !== undefined && { cursor: String(next) }),
      }
    },
    diff: (wanted) => diffVersions({ updates, versions }, wanted),
    blame: async (path, version) => {
      const entry = (await versions.index(version)).byPath.get(path)
      if (entry?.kind !== 'text')
        throw new TandemError('not-found', { reason: 'there was no such text then', path, version })
      const doc = docPath({ kind: 'file', fileId: entry.id })
      const update = await updates.load(doc, version)
      const runs = blameText(update, await writers.read(doc, version), { authors, people })
      return { version, path, ...runs }
    },
    authors: (clients) =>
      clients.flatMap((client) => {
        const record = authors.of(client)
        if (!record) return []
        const { principal, cause, at: since } = record
        return [{ client, author: people(principal, cause), ...(since > 0 && { since }) }]
      }),
    changes: async (doc, changes) => {
      const known = await writers.read(doc, updates.head())
      return changes.flatMap(({ client, clock }) => {
        const record = authors.of(client)
        const { origin } = known.find(client, clock)
        if (!record || !origin) return []
        const isVia = origin.isVia || origin.author !== record.principal
        return [{ client, clock, author: people(record.principal, record.cause), isVia }]
      })
    },
    find: (texts, signal) => {
      const mine = finding.then(() => findTexts(updates, texts, signal))
      finding = mine.catch(() => {}) // Told to its own asker.
      return mine
    },
    thin: (older, signal) =>
      thinPast({ updates, kept, named: checkpoints.versions, onThinned: writers.forget, log }, older, signal),
  }
}

/** The file that has this path or had it last, or those in the folder. */
function at(index: FilesSnapshot, path: string): ReadonlySet<Id> {
  const holder = index.byPath.get(path)
  const found =
    holder && holder.kind !== 'dir'
      ? [holder]
      : [...index.byId.values()].filter((e) => e.path === path || e.path.startsWith(path + '/'))
  if (found.length === 0) throw new TandemError('not-found', { reason: 'there is and was no such file', path })
  return new Set(found.map(({ id }) => id))
}
