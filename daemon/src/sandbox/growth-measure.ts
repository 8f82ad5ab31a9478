import { lstatSync, opendirSync, readdirSync, readlinkSync, statSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import type { FolderIndex } from './folder-index.ts'

type MeasureOptions = {
  index: FolderIndex
  startedAt: number
  maxFiles: number
  /** Look also at the files of folders that did not change: older ones may have been written to. */
  isThorough: boolean
  signal: AbortSignal
}

type Growth = {
  /** Files and folders that were born since. */
  newFiles: number
  newBytes: number
  /** The size of files that are older, and were written to. */
  changedBytes: number
  /** There are folders that cannot be looked into. */
  isPartial: boolean
}

/** Then others have their turn. */
const sliceMs = 5

/** What came to a folder since then, by the space it takes. Ends early beyond `maxFiles`, or by the signal. */
export async function measureGrowth(
  workspace: string,
  { index, startedAt, maxFiles, isThorough, signal }: MeasureOptions,
): Promise<Growth> {
  const grown: Growth = { newFiles: 0, newBytes: 0, changedBytes: 0, isPartial: false }
  let sliceAt = performance.now()
  const count = (stat: Stats) => {
    const bytes = stat.isDirectory() ? 0 : (stat.blocks * 512) / Math.max(1, stat.nlink)
    if (stat.birthtimeMs >= startedAt) {
      grown.newFiles++
      grown.newBytes += bytes
    } else if (stat.mtimeMs >= startedAt || stat.ctimeMs >= startedAt) grown.changedBytes += bytes
  }
  const open = [workspace]
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const at = folder
    let isSame = false
    try {
      isSame = statSync(folder).ctimeMs < startedAt
      const known = isSame && !isThorough ? index.look(folder) : undefined
      if (known) open.push(...known.folders.map((name) => join(at, name)))
      for (const entry of known ? [] : entriesOf(folder)) {
        const path = join(folder, entry.name)
        if (entry.isDirectory()) open.push(path)
        const stat = lstatSync(path, { throwIfNoEntry: false })
        if (stat) count(stat)
        if (performance.now() - sliceAt > sliceMs) {
          await new Promise(setImmediate)
          sliceAt = performance.now()
        }
        if (grown.newFiles > maxFiles || signal.aborted) return grown
      }
    } catch (e) {
      // Closed to us before it began, it was closed to the command too.
      if ((e as NodeJS.ErrnoException).code !== 'ENOENT' && !isSame) grown.isPartial = true
    }
  }
  return grown
}

/** One after the other: there may be a million. */
function* entriesOf(folder: string) {
  const dir = opendirSync(folder, { bufferSize: 256 })
  try {
    for (let entry = dir.readSync(); entry; entry = dir.readSync()) yield entry
  } finally {
    dir.closeSync()
  }
}

/** The space taken on a folder's file system by files that these processes hold open, and that have no name any more. */
export function unlinkedBytes(folder: string, pids: readonly number[]): { bytes: number; isPartial: boolean } {
  const { dev } = statSync(folder)
  const bytesByFile = new Map<number, number>()
  let isPartial = false
  for (const pid of pids) {
    try {
      for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        const path = `/proc/${pid}/fd/${fd}`
        if (!readlinkSync(path).endsWith(' (deleted)')) continue
        const stat = statSync(path)
        if (stat.isFile() && stat.dev === dev) bytesByFile.set(stat.ino, stat.blocks * 512)
      }
    } catch (e) {
      const { code } = e as NodeJS.ErrnoException
      if (code !== 'ENOENT' && code !== 'ESRCH') isPartial = true
    }
  }
  return { bytes: [...bytesByFile.values()].reduce((sum, bytes) => sum + bytes, 0), isPartial }
}
