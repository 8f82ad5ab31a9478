import { TandemError, clashKey, parentOf, type Id } from '@tandem/shared'
import type { FileEntry, Files } from '@tandem/shared/docs'

/** The file at `path`, or the folder with all that is in it. */
export const below = (files: Files, path: string): FileEntry[] =>
  [...files.snapshot().byPath.values()].filter((e) => e.path === path || e.path.startsWith(path + '/'))

/** Whether there is a folder of that name: one of its own, or one that only files in it speak of. */
export const isFolder = (files: Files, path: string): boolean => {
  const { byPath } = files.snapshot()
  if (byPath.get(path)?.kind === 'dir') return true
  for (const taken of byPath.keys()) if (taken.startsWith(path + '/')) return true
  return false
}

/**
 * Throws `conflict` where nothing new can be at `path`: it is taken, also by a name that some disks cannot tell from it
 * (`Readme` beside `README`, or one accent written in two ways), or a file stands where a folder would have to be.
 * `moving` are not in their own way.
 */
export function requireRoom(files: Files, path: string, moving: ReadonlySet<Id> = new Set()): void {
  const key = clashKey(path)
  const refuse = (reason: string, taken: string) => {
    throw new TandemError('conflict', { reason, path, taken })
  }
  for (const { path: taken, kind, id } of files.snapshot().byPath.values()) {
    if (moving.has(id)) continue
    const other = clashKey(taken)
    // Nearly every path has another first letter.
    if (other[0] !== key[0]) continue
    if (taken === path) refuse('there is already something of that name', taken)
    if (other === key) refuse('some disks cannot tell this name from one that is there', taken)
    if (other.startsWith(key + '/')) refuse('there is a folder of that name', taken)
    if (key.startsWith(other + '/') && kind !== 'dir') refuse('a file is where a folder would have to be', taken)
    const folder = parentInCommon(key, other)
    if (path.slice(0, folder) !== taken.slice(0, folder))
      refuse('some disks cannot tell this folder from one that is there', parentOf(taken))
  }
}

/** How much of two folded paths is the same folders: the length up to their last common `/`. */
function parentInCommon(a: string, b: string): number {
  let end = 0
  for (let i = 0; i < a.length && a[i] === b[i]; i++) if (a[i] === '/') end = i
  return end
}
