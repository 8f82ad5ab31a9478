import { linkSync, lstatSync, renameSync } from 'node:fs'
import { codeOf, identity, look } from './stat.ts'

/**
 * Replaces a file by a staged one, keeping the old inode as `aside` for who may be writing to it. `changed` where the
 * target is no longer what was expected, before or in the moment of the exchange; then `aside` holds what was there.
 * Without a pause between the last look and the exchange: a save that came between would be gone without a trace.
 */
export function placeOver(
  file: string,
  target: string,
  expected: string,
  aside: string,
): 'placed' | 'changed' | 'placed-over-change' {
  const isExpected = () => {
    const there = look(target)
    return typeof there === 'object' && identity(there) === expected
  }
  if (!isExpected()) return 'changed'
  const names = lstatSync(target).nlink
  try {
    linkSync(target, aside)
  } catch (e) {
    if (codeOf(e) === 'ENOENT') return 'changed'
    // Where there are no hard links, only the moment of the exchange is unguarded.
    if (codeOf(e) !== 'EPERM' && codeOf(e) !== 'ENOTSUP' && codeOf(e) !== 'EMLINK') throw e
  }
  if (!isExpected()) return 'changed'
  renameSync(file, target)
  const old = look(aside)
  if (typeof old === 'string') return 'placed'
  if (lstatSync(aside).nlink > names) {
    // Renamed in that very moment: it is elsewhere now, and ours would be a second file with its text.
    renameSync(target, file)
    return 'changed'
  }
  return identity(old) === expected ? 'placed' : 'placed-over-change'
}
