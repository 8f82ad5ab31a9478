import type { BigIntStats } from 'node:fs'
import { lstatSync, readlinkSync } from 'node:fs'

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

/** How long ago it was written, in ms; negative where its clock is ahead of ours. */
export const ageMs = (s: Stat, now: number): number => now - Number(BigInt(s.mtimeNs) / 1_000_000n)
const racyMs = 2_000
/** Whether it was written so lately that it could have been again, in the same tick of the file system's clock, without looking different. */
export const isRacy = (s: Stat, now: number): boolean => Math.abs(ageMs(s, now)) < racyMs
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

/** The target of a symbolic link, as it is written; undefined where there is none to be read. */
export function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    // Gone, or no link: whoever looks at what is there instead sees that.
    return undefined
  }
}

export const isGone = (e: unknown): boolean => codeOf(e) === 'ENOENT' || codeOf(e) === 'ENOTDIR'
export const codeOf = (e: unknown): string | undefined =>
  e instanceof Error && 'code' in e && typeof e.code === 'string' ? e.code : undefined
/** A catch that lets only these codes pass. */
export const ignoring =
  (...codes: string[]) =>
  (e: unknown): void => {
    if (!codes.includes(codeOf(e) ?? '')) throw e
  }
