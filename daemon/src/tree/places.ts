import { TandemError, clashKey, parentOf, type Id } from '@tandem/shared'
import type { Files } from '@tandem/shared/docs'

/**
 * Gives out places: throws `conflict` where one is taken, also by a name that some disks cannot tell from it, or where a
 * file stands where a folder would have to be. What `leaving` names is not in the way. What was given out is taken.
 */
export function createPlaces(files: Files, leaving: ReadonlySet<Id>): (path: string, kind?: 'dir' | 'file') => void {
  const taken = new Map<string, { path: string; isFolder: boolean }>()
  const take = (path: string, isFolder: boolean) => {
    taken.set(clashKey(path), { path, isFolder })
    for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder)) {
      const key = clashKey(folder)
      // Where it is known, so are those that it is in.
      if (taken.get(key)?.isFolder) break
      taken.set(key, { path: folder, isFolder: true })
    }
  }
  for (const { id, path, kind } of files.snapshot().byPath.values()) if (!leaving.has(id)) take(path, kind === 'dir')
  return (path, kind = 'file') => {
    const refuse = (reason: string, by: string) => {
      throw new TandemError('conflict', { reason, path, taken: by })
    }
    const there = taken.get(clashKey(path))
    if (there && there.path !== path) refuse('some disks cannot tell this name from one that is there', there.path)
    if (there && !(kind === 'dir' && there.isFolder)) refuse('there is already something of that name', path)
    for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder)) {
      const above = taken.get(clashKey(folder))
      if (above && !above.isFolder) refuse('a file is where a folder would have to be', above.path)
      if (above && above.path !== folder)
        refuse('some disks cannot tell this folder from one that is there', above.path)
    }
    take(path, kind === 'dir')
  }
}
