import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsync,
  lstatSync,
  openSync,
  writeFileSync,
} from 'node:fs'
import { link, lstat, rename, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createId, parentOf } from '@tandem/shared'
import { inParent, openInside, type Root } from './inside.ts'
import { openOwnFolder } from './own-folder.ts'
import { codeOf, identity, look, toStat, type Stat } from './stat.ts'

/** Where the daemon keeps what is on its way in or out of the folder; on the same file system, seen by nobody. */
export const staging = '.tandem/tmp'

/** Throws where the folder is gone, or `.tandem` is not ours to write in. */
export async function openRoot(path: string): Promise<Root> {
  const stat = toStat(await lstat(path, { bigint: true }))
  for (const part of ['tmp', 'trash', 'conflicts'] as const) await openOwnFolder(path, part)
  return { path, dev: stat.dev, ino: stat.ino }
}

/** `changedNs`: when anything about it changed last, its names too. */
type Staged = { file: string; stat: Stat; changedNs: string }

const synced = promisify(fsync)

/**
 * Writes bytes to a file of the daemon's own, synced to the disk, ready to be renamed into place. Only the sync is worth
 * a thread: for thousands of small files each way there and back costs more than the deed.
 */
export async function stage(
  root: Root,
  bytes: Uint8Array,
  { mode, like }: { mode: number; like: string },
): Promise<Staged> {
  const file = join(root.path, staging, `w-${createId()}`)
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  const fd = openSync(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  try {
    writeFileSync(fd, bytes)
    const stat = await finish(root, { fd }, { mode, like })
    return { file, stat, changedNs: String(fstatSync(fd, { bigint: true }).ctimeNs) }
  } catch (e) {
    await unlink(file).catch(() => {})
    throw e
  } finally {
    closeSync(fd)
  }
}

/** Makes a file of the daemon's own ready to be renamed into place, synced to the disk. */
export async function finish(
  root: Root,
  { fd }: { readonly fd: number },
  { mode, like }: { mode: number; like: string },
): Promise<Stat> {
  // As root, a file of somebody's folder stays theirs.
  if (process.getuid?.() === 0) {
    const owner = lstatSync(like, { throwIfNoEntry: false }) ?? lstatSync(root.path)
    fchownSync(fd, owner.uid, owner.gid)
  }
  // As when a program writes to a file: another's words never run with its owner's rights.
  fchmodSync(fd, mode & 0o777)
  await synced(fd)
  return toStat(fstatSync(fd, { bigint: true }))
}

/** Puts a staged file where nothing is. False where something is by now: that is kept. */
export async function placeNew(file: string, target: string): Promise<boolean> {
  try {
    await link(file, target)
  } catch (e) {
    if (codeOf(e) === 'EEXIST') return false
    if (codeOf(e) !== 'EPERM' && codeOf(e) !== 'ENOTSUP' && codeOf(e) !== 'EMLINK') throw e
    // No hard links here: a look and a rename must do.
    if (look(target) !== 'missing') return false
    await rename(file, target)
    return true
  }
  await unlink(file)
  return true
}

/** Takes a file out of the folder into `aside`; `changed`, and put back, where it is not what was expected. */
export async function takeOut(
  target: string,
  expected: string,
  aside: string,
): Promise<'taken' | 'changed' | 'missing'> {
  const before = look(target)
  if (before === 'missing') return 'missing'
  if (before === 'unreadable' || identity(before) !== expected) return 'changed'
  await rename(target, aside)
  const taken = look(aside)
  if (typeof taken === 'string' || identity(taken) === expected) return 'taken'
  await placeNew(aside, target)
  return 'changed'
}

/** Takes a directory away, if it is empty. */
export async function removeDirectory(root: Root, path: string): Promise<boolean> {
  const removed = await inParent(root, path, (target) =>
    rmdir(target).then(
      () => true,
      // Not empty, or gone already: that is what was to be found out.
      () => false,
    ),
  )
  return removed === true
}

/** Removes the directories that a removal or a move left empty, up to one to `keep`; one with anything in it stays by itself. */
export async function pruneParents(root: Root, path: string, keep: (dir: string) => boolean): Promise<void> {
  for (let dir = parentOf(path); dir !== '' && !keep(dir) && (await removeDirectory(root, dir));) dir = parentOf(dir)
}

/** Sets or clears the executable bit for those who may read; not through a link. */
export function setExecutable(root: Root, path: string, exec: boolean): void {
  const fd = openInside(root, path)
  if (typeof fd === 'string') return
  try {
    const { mode } = toStat(fstatSync(fd, { bigint: true }))
    fchmodSync(fd, exec ? mode | ((mode & 0o444) >> 2) : mode & ~0o111)
  } finally {
    closeSync(fd)
  }
}
