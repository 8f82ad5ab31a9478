import { TandemError, docPath, type Id } from '@tandem/shared'
import { openFiles, readFileUpdate, type FilesSnapshot } from '@tandem/shared/docs'
import * as Y from 'yjs'
import type { UpdateLog } from '../store/log.ts'
import type { Kept } from './kept.ts'

/** How many files' entries the indexes that are remembered may have in all. */
const rememberedEntries = 200_000

/** Everything as it was at any version [S198]. */
export type VersionStore = {
  /**
   * The version that is read when this one is asked for: itself, or the nearest before it that was kept. Throws
   * `not-found` for one that is not there yet.
   */
  resolve(asked: number | 'head'): number
  /** Which files there were. */
  index(version: number): Promise<FilesSnapshot>
  /** A file's text; empty where it had none yet. Throws `store-corrupt`. */
  text(file: Id, version: number): Promise<string>
}

type Deps = { updates: UpdateLog; kept: Pick<Kept, 'nearest'> }

export function createVersionStore({ updates, kept }: Deps): VersionStore {
  /** By the index's own last entry: most versions share it with their neighbours. Newest use last. */
  const indexes = new Map<number, Promise<FilesSnapshot>>()

  const lastIndexEntry = async (version: number): Promise<number> => {
    const stat = updates.stat('files')
    if (!stat || stat.seq <= version) return stat?.seq ?? 0
    for await (const { seq } of updates.entries('files', { upTo: version, reverse: true })) return seq
    return 0
  }
  const load = async (version: number): Promise<FilesSnapshot> => {
    const doc = new Y.Doc()
    const update = await updates.load('files', version)
    if (update) Y.applyUpdate(doc, update)
    return openFiles(doc).snapshot()
  }
  const forgetOldest = async () => {
    let entries = 0
    for (const [seq, index] of [...indexes].toReversed()) {
      entries += (await index.catch(() => undefined))?.byId.size ?? 0
      if (entries > rememberedEntries) indexes.delete(seq)
    }
  }

  return {
    resolve: (asked) => {
      const head = updates.head()
      if (asked === 'head') return head
      if (asked > head)
        throw new TandemError('not-found', { reason: 'there is no such version yet', version: asked, head })
      return kept.nearest(asked)
    },
    index: async (version) => {
      const at = await lastIndexEntry(version)
      const known = indexes.get(at)
      const index = known ?? load(at)
      indexes.delete(at)
      indexes.set(at, index)
      if (known) return index
      // What could not be read may be readable the next time.
      index.catch(() => indexes.delete(at))
      await forgetOldest()
      return index
    },
    text: async (file, version) =>
      readFileUpdate(await updates.load(docPath({ kind: 'file', fileId: file }), version)).text,
  }
}
