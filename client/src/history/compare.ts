import type { DiffAnswer, FileChange, Id, Step } from '@tandem/shared'
import type { FilesSnapshot } from '@tandem/shared/docs'
import type { Version } from '../session/history.ts'

/** A file at a version, under its path of then. */
export type Side = { version: Version; path: string }

/** A file between two versions; a side is absent where the file did not exist. */
export type Pair = {
  fileId: Id
  path: string
  /** Its path before a move. */
  from?: string | undefined
  change: FileChange['change'] | 'none'
  before?: Side | undefined
  after?: Side | undefined
}

const existedBefore = (change: FileChange['change']) => change !== 'created' && change !== 'restored'

/** What a step did to each of its files. */
export const pairsOf = ({ files, before, seq }: Step): Pair[] => files.map((file) => pairOf(file, before, seq))

/** What differs between two versions, as the server told. */
export const pairsBetween = ({ files, from }: DiffAnswer): Pair[] => files.map((file) => pairOf(file, from, 'head'))

/** What became since of the files of a step. */
export const pairsSince = ({ files, seq }: Step, { byId }: FilesSnapshot): Pair[] =>
  files.map(({ fileId, path, change }) => {
    const now = byId.get(fileId)
    const was = change !== 'deleted'
    const is = now !== undefined && !now.deleted
    return {
      fileId,
      path: is ? now.path : path,
      from: is && was && now.path !== path ? path : undefined,
      change: was ? (!is ? 'deleted' : now.path !== path ? 'moved' : 'edited') : is ? 'restored' : 'none',
      before: was ? { version: seq, path } : undefined,
      after: is ? { version: 'head', path: now.path } : undefined,
    }
  })

const pairOf = (
  { fileId, path, from, change }: Pick<FileChange, 'fileId' | 'path' | 'from' | 'change'>,
  before: Version,
  after: Version,
): Pair => ({
  fileId,
  path,
  from: change === 'moved' ? from : undefined,
  change,
  before: existedBefore(change) ? { version: before, path: from ?? path } : undefined,
  after: change === 'deleted' ? undefined : { version: after, path },
})
