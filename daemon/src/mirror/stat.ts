import type { BigIntStats } from 'node:fs'
import { closeSync, constants, fstatSync, lstatSync, openSync, readFile, readFileSync } from 'node:fs'

/** Which file this is and which version of it, as far as the file system tells without reading. */
export type Stat = {
  kind: 'file' | 'dir' | 'symlink' | 'other'
  size: number
  mtimeNs: string
  ino: string
  birthNs: string
  dev: string
  mode: number
}

export const toStat = (s: BigIntStats): Stat => ({
  kind: s.isFile() ? 'file' : s.isDirectory() ? 'dir' : s.isSymbolicLink() ? 'symlink' : 'other',
  size: Number(s.size),
  mtimeNs: String(s.mtimeNs),
  ino: String(s.ino),
  birthNs: String(s.birthtimeNs),
  dev: String(s.dev),
  mode: Number(s.mode) & 0o7777,
})

/** Same file, same version. A change of mode alone is none: that is looked at apart. */
export const identity = (s: Stat): string => `${s.size}.${s.mtimeNs}.${s.ino}`
/** The same file wherever it is now; an inode number used again has another birth. */
export const birthmark = (s: Stat): string => `${s.dev}.${s.ino}.${s.birthNs}`
export const isExecutable = (s: Stat): boolean => (s.mode & 0o100) !== 0

/** What is there; `missing`; or `unreadable`, which is never taken for missing. */
export function look(path: string): Stat | 'missing' | 'unreadable' {
  try {
    return toStat(lstatSync(path, { bigint: true }))
  } catch (e) {
    return isGone(e) ? 'missing' : 'unreadable'
  }
}

export const isGone = (e: unknown): boolean => codeOf(e) === 'ENOENT' || codeOf(e) === 'ENOTDIR'
export const codeOf = (e: unknown): string | undefined =>
  e instanceof Error && 'code' in e && typeof e.code === 'string' ? e.code : undefined

export type Read = { bytes: Uint8Array; stat: Stat }

/** Below this a file is read in one go on the main thread: some ten times cheaper than through the thread pool. */
const smallBytes = 256 * 1024

/**
 * Reads a regular file whole, never through a symbolic link, and only if it stood still meanwhile: `busy` where it was
 * written during the read. Larger than `maxBytes` is not read: empty bytes with the true size in `stat`.
 */
export async function readStable(
  path: string,
  maxBytes: number,
): Promise<Read | 'missing' | 'unreadable' | 'busy' | 'other'> {
  let fd: number | undefined
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
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
