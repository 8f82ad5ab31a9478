import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Ignore } from './ignore.ts'
import { isGone, look, type Stat } from '../disk/stat.ts'

/** What a walk through the folder, or a part of it, found. */
export type Scan = {
  files: Map<string, Stat>
  /** Every shared directory, '' for the root, so that it can be watched. */
  dirs: string[]
  /** How many entries are not shared, by reason; a directory counts once. */
  hidden: Map<string, number>
  /** Directories and files that could not be read: nothing under them may be taken for deleted. */
  unreadable: string[]
}

const lanes = 32

/**
 * Walks the folder (from `from`), never through a symbolic link, and looks at every shared file. Scans are the truth;
 * a watcher's events are hints where to look first. Throws where the root itself cannot be listed.
 */
export async function scanFolder(root: string, ignore: Ignore, from = '', signal?: AbortSignal): Promise<Scan> {
  const scan: Scan = { files: new Map(), dirs: [], hidden: new Map(), unreadable: [] }
  const hide = (reason: string) => scan.hidden.set(reason, (scan.hidden.get(reason) ?? 0) + 1)
  const queue: (() => Promise<void>)[] = []

  const walk = async (dir: string): Promise<void> => {
    let entries
    try {
      entries = await readdir(join(root, dir), { withFileTypes: true })
    } catch (e) {
      if (dir === '') throw e
      if (!isGone(e)) scan.unreadable.push(dir)
      return
    }
    scan.dirs.push(dir)
    await ignore.enter(
      dir,
      entries.map((entry) => entry.name),
    )
    for (const entry of entries) {
      const path = dir === '' ? entry.name : `${dir}/${entry.name}`
      const reason = ignore.reason(path, entry.isDirectory())
      if (reason !== undefined) {
        if (reason !== '.tandem') hide(reason)
      } else if (entry.isDirectory()) queue.push(() => walk(path))
      else if (entry.isFile()) visit(path)
      else hide(entry.isSymbolicLink() ? 'symbolic links' : 'special files')
    }
  }
  const visit = (path: string) => {
    const stat = look(join(root, path))
    if (stat === 'unreadable') scan.unreadable.push(path)
    else if (stat !== 'missing' && stat.kind === 'file') scan.files.set(path, stat)
  }

  await walk(from)
  let busy = 0
  await new Promise<void>((resolve, reject) => {
    const next = () => {
      if (signal?.aborted) return reject(signal.reason as Error)
      if (busy === 0 && queue.length === 0) return resolve()
      while (busy < lanes) {
        const work = queue.pop()
        if (!work) return
        busy++
        work().then(() => {
          busy--
          next()
        }, reject)
      }
    }
    next()
  })
  return scan
}
