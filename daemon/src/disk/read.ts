import { closeSync, fstatSync, readFile, readFileSync } from 'node:fs'
import { openInside, type Root } from './inside.ts'
import { codeOf, identity, isGone, toStat, type Stat } from './stat.ts'

export type Read = { bytes: Uint8Array; stat: Stat }

/** Below this a file is read in one go on the main thread: some ten times cheaper than through the thread pool. */
const smallBytes = 256 * 1024

/**
 * Reads a regular file of the folder whole, through no symbolic link in any part of its path, and only if it stood still
 * meanwhile: `busy` where it was written during the read. Larger than `maxBytes` is not read: empty bytes with the true
 * size in `stat`.
 */
export async function readStable(
  root: Root,
  path: string,
  maxBytes: number,
): Promise<Read | 'missing' | 'unreadable' | 'busy' | 'other'> {
  let fd: number | undefined
  try {
    const opened = openInside(root, path)
    if (typeof opened === 'string') return opened === 'missing' ? 'missing' : 'other'
    fd = opened
    const before = toStat(fstatSync(fd, { bigint: true }))
    if (before.kind !== 'file') return 'other'
    if (before.size > maxBytes) return { bytes: new Uint8Array(), stat: before }
    const bytes = before.size <= smallBytes ? readFileSync(fd) : await readAll(fd)
    const after = toStat(fstatSync(fd, { bigint: true }))
    if (identity(before) !== identity(after) || bytes.length !== after.size) return 'busy'
    return { bytes, stat: after }
  } catch (e) {
    return isGone(e) ? 'missing' : codeOf(e) === 'ELOOP' ? 'other' : 'unreadable'
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

const readAll = (fd: number) =>
  new Promise<Buffer>((resolve, reject) => readFile(fd, (e, bytes) => (e ? reject(e) : resolve(bytes))))
