import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** Every file below, relative, but for what is nobody's business: git's own, Tandem's own, packages. */
export function filesBelow(folder: string): string[] {
  const found: string[] = []
  const walk = (dir: string) => {
    for (const entry of readdirSync(join(folder, dir), { withFileTypes: true })) {
      if (['.git', '.tandem', 'node_modules'].includes(entry.name)) continue
      const path = dir === '' ? entry.name : `${dir}/${entry.name}`
      if (entry.isDirectory()) walk(path)
      else found.push(path)
    }
  }
  walk('')
  return found.toSorted()
}

/** Paths whose bytes or right to be run differ, or that only one of the folders has. */
export function differing(a: string, b: string): string[] {
  const paths = new Set([...filesBelow(a), ...filesBelow(b)])
  return [...paths].filter((path) => !isSameFile(join(a, path), join(b, path)))
}

/** Whether two files have the same bytes, and the same right to be run; false where one is not there. */
export function isSameFile(a: string, b: string): boolean {
  try {
    const [x, y] = [lstatSync(a), lstatSync(b)]
    if (x.isSymbolicLink() || y.isSymbolicLink()) return readlinkSync(a) === readlinkSync(b)
    return x.size === y.size && (x.mode & 0o100) === (y.mode & 0o100) && readFileSync(a).equals(readFileSync(b))
  } catch {
    return false // one of them is gone just now
  }
}
