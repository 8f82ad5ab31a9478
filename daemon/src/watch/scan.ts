import { readdirSync } from 'node:fs'
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

export const emptyScan = (): Scan => ({
  files: new Map(),
  links: new Map(),
  empty: [],
  misspelt: [],
  dirs: [],
  hidden: new Map(),
  unreadable: [],
})

/** So many entries of a directory are looked at without a pause. */
const entriesAtOnce = 200

type Walk = { root: string; ignore: Ignore; from: string; scan: Scan; onRules?: (dir: string, names: string[]) => void }

/**
 * Walks the folder (from `from`), never through a symbolic link, and looks at every shared file; what it finds it puts
 * into `scan`. Each shared directory is yielded before it is listed, and again after many entries: whoever walks may
 * pause there. `onRules` hears of ignore files. Throws where the root itself cannot be listed.
 */
export function* walkFolder({ root, ignore, from, scan, onRules }: Walk): Generator<string> {
  const hide = (reason: string) => scan.hidden.set(reason, (scan.hidden.get(reason) ?? 0) + 1)
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
  const list = (dir: string) => {
    try {
      return readdirSync(join(root, dir), { withFileTypes: true })
    } catch (e) {
      if (dir === '') throw e
      if (!isGone(e)) scan.unreadable.push(dir)
      return undefined
    }
  }

  if (from === '') ignore.refresh()
  const queue = [from]
  for (let dir = queue.pop(); dir !== undefined; dir = queue.pop()) {
    yield dir
    const entries = list(dir)
    if (!entries) continue
    scan.dirs.push(dir)
    if (dir !== '' && entries.length === 0) scan.empty.push(dir)
    const names = entries.map((entry) => entry.name)
    if (ignore.enter(dir, names)) onRules?.(dir, names)
    let seen = 0
    for (const entry of entries) {
      if (++seen % entriesAtOnce === 0) yield dir
      const path = dir === '' ? entry.name : `${dir}/${entry.name}`
      const reason = ignore.reason(path, entry.isDirectory())
      if (reason !== undefined) {
        if (reason !== '.tandem') hide(reason)
        if (reason === 'name' && path !== path.normalize('NFC')) scan.misspelt.push(path)
      } else if (entry.isDirectory()) queue.push(path)
      else if (entry.isFile()) visit(path)
      else if (entry.isSymbolicLink()) visitLink(path)
      else hide('special files')
    }
  }
}

/** So long the rest of the daemon is kept waiting. */
const sliceMs = 4

/**
 * Looks at the folder (from `from`) here and now, in slices. Scans are the truth; a watcher's events are hints where to
 * look first. `onDir` hears of each shared directory before it is listed. Throws where the root itself cannot be listed.
 */
export async function scanFolder(
  root: string,
  ignore: Ignore,
  from = '',
  signal?: AbortSignal,
  onDir: (dir: string) => void = () => {},
): Promise<Scan> {
  const scan = emptyScan()
  let since = performance.now()
  for (const dir of walkFolder({ root, ignore, from, scan })) {
    onDir(dir)
    if (performance.now() - since < sliceMs) continue
    await new Promise((resolve) => setImmediate(resolve))
    signal?.throwIfAborted()
    since = performance.now()
  }
  return scan
}
