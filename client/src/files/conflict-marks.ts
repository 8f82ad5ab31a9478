import type { FilesSnapshot, MirrorConflict } from '@tandem/shared/docs'
import { fileOf } from '../session/attention.ts'
import { parentsOf } from './tree.ts'

/** How many conflicts there are at a path or somewhere below it. */
export function conflictMarks(conflicts: readonly MirrorConflict[], files: FilesSnapshot): ReadonlyMap<string, number> {
  const countByPath = new Map<string, number>()
  for (const conflict of conflicts) {
    const path = fileOf(conflict, files)?.path
    if (path === undefined) continue
    for (const marked of [path, ...parentsOf(path)]) countByPath.set(marked, (countByPath.get(marked) ?? 0) + 1)
  }
  return countByPath
}
