import type { Id } from '../base/ids.ts'
import type { EditHunk, ReviewHunk } from '../protocol/review.ts'
import type { Files } from './files.ts'

/** A file that was made, removed or moved. */
export type IndexHunk = Exclude<ReviewHunk, EditHunk>

/** Undoes such a change in the index, or makes it again; answers why not, in words. */
export function changeIndex(
  files: Files,
  hunk: IndexHunk,
  way: 'undo' | 'redo',
  deleted: { by: Id; at: number; snapshot?: string },
): string | undefined {
  const entry = files.get(hunk.file)
  if (!entry) return 'the file is not known here'
  const isTaken = (path: string) => files.snapshot().byPath.has(path)
  if (hunk.kind === 'move') {
    const [here, there] = way === 'undo' ? [hunk.path, hunk.from] : [hunk.from, hunk.path]
    if (entry.deleted || entry.path !== here) return 'the file was moved or removed since'
    if (isTaken(there)) return 'another file is there now'
    files.move(hunk.file, there)
    return undefined
  }
  if ((hunk.kind === 'create') === (way === 'undo')) {
    if (!entry.deleted) files.remove(hunk.file, deleted)
    return undefined
  }
  if (!entry.deleted) return undefined
  if (isTaken(entry.path)) return 'another file is there now'
  files.restore(hunk.file)
  return undefined
}
