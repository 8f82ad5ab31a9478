import { statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Who a command runs as, outside the sandbox. `isRoot` asks for the additional walls that root needs. */
export type Identity = { readonly uid: number; readonly gid: number; readonly isRoot: boolean; readonly drop: boolean }

/**
 * Commands run as the daemon's user; a root daemon steps down to the folder's owner (`drop`). Only where that is root
 * too do they run as root, without any capability.
 */
export function commandIdentity(workspace: string): Identity {
  const uid = process.getuid?.() ?? -1
  const gid = process.getgid?.() ?? -1
  if (uid !== 0) return { uid, gid, isRoot: false, drop: false }
  const owner = statSync(workspace)
  return owner.uid === 0
    ? { uid: 0, gid, isRoot: true, drop: false }
    : { uid: owner.uid, gid: owner.gid, isRoot: false, drop: true }
}

/** May they reach and list this folder (or read this file)? Judged by mode bits, which is all there is before dropping. */
export function mayEnter(identity: Identity, path: string): boolean {
  if (identity.isRoot) return true
  for (let at = path; ; at = dirname(at)) {
    const stat = statSync(at, { throwIfNoEntry: false })
    if (stat === undefined) return false
    const shift = stat.uid === identity.uid ? 6 : stat.gid === identity.gid ? 3 : 0
    const needed = at === path ? (stat.isDirectory() ? 5 : 4) : 1
    if (((stat.mode >> shift) & needed) !== needed) return false
    if (at === '/') return true
  }
}
