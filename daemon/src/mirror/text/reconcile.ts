import { commonLines, merge } from '@tandem/shared'

export type Sides = {
  /** Last text that was both on disk and in the document; undefined where this pair never met before. */
  base: string | undefined
  disk: string
  remote: string
  /** Whether the document has everything the base had: false after the server went back to a backup. */
  remoteHasBase: boolean
}

export type Plan = {
  /** The text the document must get. */
  edit?: string
  /** The text the disk must get. */
  write?: string
  /** Regions both changed differently; both are in the result. */
  conflicts: number
  /** The disk's text gets replaced without being in what replaces it: it must be put aside first. */
  keep?: 'disk'
}

/** What to do with one text. Pure: the table of the mirror, of which everything else is only the carrying out. */
export function reconcile({ base, disk, remote, remoteHasBase }: Sides): Plan {
  if (disk === remote) return { conflicts: 0 }
  if (base === undefined) {
    // Two texts that never met, at one path: who shares a folder anew, or lost the daemon's state.
    if (remote === '') return { edit: disk, conflicts: 0 }
    if (disk === '') return { write: remote, conflicts: 0 }
    return { write: remote, conflicts: 1, keep: 'disk' }
  }
  // The server lost what was safely here: the disk brings it back. What it lacks was never deleted by anybody, so that
  // disk and document have only that in common which it still has; what was written there since stays.
  if (!remoteHasBase) return mergeAll(commonLines(base, remote), disk, remote)
  if (disk === base) return { write: remote, conflicts: 0 }
  if (remote === base) return { edit: disk, conflicts: 0 }
  return mergeAll(base, disk, remote)
}

function mergeAll(base: string, disk: string, remote: string): Plan {
  const merged = merge(base, disk, remote)
  return {
    ...(merged.text === remote ? {} : { edit: merged.text }),
    ...(merged.text === disk ? {} : { write: merged.text }),
    conflicts: merged.conflicts,
  }
}
