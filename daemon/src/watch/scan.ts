import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Ignore } from './ignore.ts'
import { linkReason } from './links.ts'
import { isGone, look, readLink, type Stat } from '../disk/stat.ts'

/** What a walk through the folder, or a part of it, found. */
export type Scan = {
  files: Map<string, Stat>
  /** Symbolic links that may be shared, and their targets; never what these lead to. */
  links: Map<string, string>
  /** Shared directories with nothing in them at all. */
  empty: string[]
  /** Names that are hidden because another machine would spell them otherwise (not NFC): another file may have that spelling. */
  misspelt: string[]
  /** Every shared directory that could be listed, '' for the root. */
  dirs: string[]
  /** How many entries are not shared, by reason; a directory counts once. */
  hidden: Map<string, number>
  /** Directories and files that could not be read: nothing under them may be taken for deleted. */
  unreadable: string[]
}

const lanes = 32

/**
 * Walks the folder (from `from`), never through a symbolic link, and looks at every shared file. Scans are the truth;
 * a watcher's events are hints where to look first. `onDir` hears of each shared directory before it is listed. Throws
 * where the root itself cannot be listed.
 */
export async function scanFolder(
  root: string,
  ignore: Ignore,
  from = '',
  signal?: AbortSignal,
  onDir: (dir: string) => void = () => {},
): Promise<Scan> {
  const scan: Scan = {
    files: new Map(),
    links: new Map(),
    empty: [],
    misspelt: [],
    dirs: [],
    hidden: new Map(),
    unreadable: [],
  }
  const hide = (reason: string) => scan.hidden.set(reason, (scan.hidden.get(reason) ?? 0) + 1)
  const queue: (() => Promise<void>)[] = []

  const walk = async (dir: string): Promise<void> => {
    // Watched before it is listed: what is made in between is either found or told.
    onDir(dir)
    let entries
    try {
      entries = await readdir(join(root, dir), { withFileTypes: true })
    } catch (e) {
      if (dir === '') throw e
      if (!isGone(e)) scan.unreadable.push(dir)
      return
    }
    scan.dirs.push(dir)
    if (dir !== '' && entries.length === 0) scan.empty.push(dir)
    await ignore.enter(
      dir,
      entries.map((entry) => entry.name),
    )
    for (const entry of entries) {
      const path = dir === '' ? entry.name : `${dir}/${entry.name}`
      const reason = ignore.reason(path, entry.isDirectory())
      if (reason !== undefined) {
        if (reason !== '.tandem') hide(reason)
        if (reason === 'name' && path !== path.normalize('NFC')) scan.misspelt.push(path)
      } else if (entry.isDirectory()) queue.push(() => walk(path))
      else if (entry.isFile()) visit(path)
      else if (entry.isSymbolicLink()) visitLink(path)
      else hide('special files')
    }
  }
  const visit = (path: string) => {
    const stat = look(join(root, path))
    if (stat === 'unreadable') scan.unreadable.push(path)
    else if (stat !== 'missing' && stat.kind === 'file') scan.files.set(path, stat)
  }
  const visitLink = (path: string) => {
    const target = readLink(join(root, path))
    if (target === undefined) return
    if (linkReason(ignore, path, target) === undefined) scan.links.set(path, target)
    else hide('symbolic links')
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
