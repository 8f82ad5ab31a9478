import { join } from 'node:path'
import { nameOf, type Id } from '@tandem/shared'
import type { Mirroring } from './context.ts'
import type { Noticing } from './noticing.ts'
import { isStill } from './memory/shadow.ts'
import { isBehindLink } from '../disk/inside.ts'
import { scanFolder, type Scan } from '../watch/scan.ts'
import { birthmark, identity, isExecutable, isRacy, look, type Stat } from '../disk/stat.ts'

export type Survey = {
  /** Looks at the whole folder and sets to work what differs; answers what is not shared, by reason. Throws where the root is gone. */
  all(): Promise<Scan>
  /** Looks at these paths, as the watcher named them. True where an ignore file changed: then everything is to be looked at. */
  paths(paths: readonly string[]): Promise<boolean>
  /** Known files that look changed, and the task that did it where that is known; taken out. */
  takeChanged(): Map<Id, Id | undefined>
  /** Files found where an entry of the index says one is, that never met before, or were gone for a while; taken out. */
  takeMet(): Id[]
  /** New files found, to be shared, and the task that made them where that is known; taken out. */
  takeNew(): Map<string, Id | undefined>
  /** Known files found elsewhere, and where; taken out. */
  takeRenamed(): [Id, string][]
  /** Files no longer where they were, and since when it is known. */
  readonly vanished: Map<Id, number>
  /** Whether a look at the whole folder, begun after it was known to be gone, has not found it either. */
  isSought(id: Id): boolean
}

const filesAtOnce = 2_000

/** Compares disk with shadows, and sorts what differs into: work on known files, new files, moved files, vanished files. */
export function createSurvey(
  m: Mirroring,
  { watch, scan: scanAll }: Pick<Noticing, 'watch' | 'scan'>,
  onScan: (scan: Scan) => void,
): Survey {
  let newPaths = new Map<string, Id | undefined>()
  let changed = new Map<Id, Id | undefined>()
  const met = new Set<Id>()
  const renamed = new Map<Id, string>()
  const vanished = new Map<Id, number>()
  /** As `vanished` was when the last look at the whole folder began. */
  let sought: ReadonlyMap<Id, number> = new Map()

  /** Found twice, for different causes, it has none that is known. */
  const note = <K>(found: Map<K, Id | undefined>, key: K) => {
    const task = m.workspace.cause()
    found.set(key, found.has(key) && found.get(key) !== task ? undefined : task)
  }
  const known = (id: Id, stat: Stat) => {
    const shadow = m.shadows.get(id)
    if (shadow && !isStill(shadow, stat)) return missing(id)
    // What came from elsewhere meanwhile could not be written.
    if (vanished.delete(id)) met.add(id)
    // Directories and links are looked at by themselves.
    if (stat.kind !== 'file') return
    if (
      !shadow ||
      isRacy(stat, m.clock.now()) ||
      shadow.identity !== identity(stat) ||
      shadow.exec !== isExecutable(stat)
    )
      note(changed, id)
  }
  const missing = (id: Id) => {
    if (!vanished.has(id)) vanished.set(id, m.clock.now())
  }
  const unknown = (path: string, stat: Stat): void => {
    // Renamed in the very moment we put it there: once that is noted it is known by its birthmark.
    if (m.shadows.isPlacing(birthmark(stat))) return m.lookAt(path)
    const born = m.shadows.idBorn(birthmark(stat))
    const shadow = born === undefined ? undefined : m.shadows.get(born)
    // One file with two names, on its way from one to the other.
    if (shadow?.moving === path) return m.lookAt(path)
    if (born !== undefined && shadow && shadow.path !== path) {
      const there = look(join(m.root.path, shadow.path))
      // A second hard link is a file of its own.
      if (typeof there === 'string' || birthmark(there) !== shadow.birthmark) {
        vanished.delete(born)
        renamed.set(born, path)
        return
      }
    }
    const entry = m.workspace.files.snapshot().byPath.get(path)
    if (entry) met.add(entry.id)
    else note(newPaths, path)
  }
  /** Whoever types is not kept waiting for a hundred thousand files. */
  const rest = () => new Promise((resolve) => setImmediate(resolve))
  const take = async (scan: Scan) => {
    onScan(scan)
    const strangers: [string, Stat][] = []
    let seen = 0
    for (const [path, stat] of scan.files) {
      if (++seen % filesAtOnce === 0) await rest()
      const id = m.shadows.idAt(path)
      if (id === undefined) strangers.push([path, stat])
      else known(id, stat)
    }
    return strangers
  }
  /** What a scan did not meet may still be there: in a directory that is ignored by now, or one that cannot be read. */
  const unmet = (id: Id, path: string) => {
    const stat = look(join(m.root.path, path))
    if (stat === 'missing') missing(id)
    else if (typeof stat === 'object') known(id, stat)
  }
  /** What was met before a new file was may have become it meanwhile: where there are new ones, it is looked at once more. */
  const metEarlier = async (files: Scan['files']) => {
    let seen = 0
    for (const [id, { path }] of [...m.shadows.all()]) {
      if (++seen % filesAtOnce === 0) await rest()
      if (files.has(path) && m.shadows.idAt(path) === id && look(join(m.root.path, path)) === 'missing') missing(id)
    }
  }
  const below = (dir: string): [Id, string][] =>
    [...m.shadows.all()].flatMap(([id, { path }]) => (path.startsWith(dir + '/') ? [[id, path]] : []))

  return {
    vanished,
    isSought: (id) => sought.has(id) && sought.get(id) === vanished.get(id),
    takeChanged: () => {
      const found = changed
      changed = new Map()
      return found
    },
    takeMet: () => {
      const found = [...met]
      met.clear()
      return found
    },
    takeNew: () => {
      const found = newPaths
      newPaths = new Map()
      for (const path of found.keys()) if (m.shadows.idAt(path) !== undefined) found.delete(path)
      return found
    },
    takeRenamed: () => {
      const found = [...renamed]
      renamed.clear()
      return found
    },
    all: async () => {
      const gone = new Map(vanished)
      const scan = await scanAll()
      const strangers = await take(scan)
      for (const [id, { path }] of m.shadows.all()) if (!scan.files.has(path)) unmet(id, path)
      if (strangers.length > 0) await metEarlier(scan.files)
      for (const [path, stat] of strangers) unknown(path, stat)
      sought = gone
      return scan
    },
    paths: async (paths) => {
      let rules = false
      const strangers: [string, Stat][] = []
      for (const path of paths) {
        // A directory swapped for a link: what it leads to is none of ours, not even to be listed.
        if (isBehindLink(m.root, path)) continue
        const stat = look(join(m.root.path, path))
        const id = m.shadows.idAt(path)
        const isDir = typeof stat === 'object' && stat.kind === 'dir'
        const hidden = m.ignore.reason(path, isDir)
        if (['.gitignore', '.tandemignore'].includes(nameOf(path)) || path === '.git/info/exclude') rules = true
        if (stat === 'unreadable') continue
        if (stat === 'missing') {
          newPaths.delete(path)
          if (id !== undefined) missing(id)
          const had = id === undefined || m.shadows.get(id)?.kind === 'dir'
          if (had && hidden === undefined) for (const [each, at] of below(path)) unmet(each, at)
        } else if (isDir) {
          if (id !== undefined) known(id, stat)
          if (hidden === undefined)
            strangers.push(...(await take(await scanFolder(m.root.path, m.ignore, path, m.signal, watch))))
        } else if (id !== undefined) known(id, stat)
        else if (hidden === undefined && stat.kind === 'file') strangers.push([path, stat])
      }
      for (const [path, stat] of strangers) unknown(path, stat)
      return rules
    },
  }
}
