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
 * The check of whether something new can be at a path: throws `conflict` where it is taken, also by a name that some
 * disks cannot tell from it (`Readme` beside `README`, or one accent written in two ways), or where a file stands where
 * a folder would have to be. `moving` are not in their own way. Made once for many paths: it looks at every file.
 */
export function roomIn(files: Files, moving: ReadonlySet<Id> = new Set()): (path: string) => void {
  const taken = new Map<string, FileEntry>()
  /** How each folder is spelled. */
  const folders = new Map<string, string>()
  for (const entry of files.snapshot().byPath.values()) {
    if (moving.has(entry.id)) continue
    taken.set(clashKey(entry.path), entry)
    for (const folder of foldersOf(entry.kind === 'dir' ? `${entry.path}/` : entry.path)) {
      const key = clashKey(folder)
      // Where it is known, so are those that it is in.
      if (folders.has(key)) break
      folders.set(key, folder)
    }
  }
  return (path) => {
    const refuse = (reason: string, by: string) => {
      throw new TandemError('conflict', { reason, path, taken: by })
    }
    const key = clashKey(path)
    const there = taken.get(key)
    if (there?.path === path) refuse('there is already something of that name', path)
    if (there) refuse('some disks cannot tell this name from one that is there', there.path)
    const same = folders.get(key)
    if (same !== undefined) refuse('there is a folder of that name', same)
    for (const folder of foldersOf(path)) {
      const other = taken.get(clashKey(folder))
      if (other && other.kind !== 'dir') refuse('a file is where a folder would have to be', other.path)
      const spelled = folders.get(clashKey(folder))
      if (spelled !== undefined && spelled !== folder)
        refuse('some disks cannot tell this folder from one that is there', spelled)
    }
  }
}

/** The folders that a path is in, from the innermost. */
function* foldersOf(path: string): Generator<string> {
  for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder)) yield folder
}
