import ignoreRules from 'ignore'
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
// Not by the main door: the thread that scans has this file too, and all of shared would take 60 MB there.
import { checkPath, isProtectedName, nameOf, parentOf } from '@tandem/shared/path'
import { identity, look } from '../disk/stat.ts'
import { isHidden, secretOf } from './hidden.ts'

/**
 * Decides what of a folder is shared: one predicate for scan, watch and what arrives from outside. `.git`, `.tandem`,
 * `node_modules`, `.env*` and keys never are; hidden files but the ordinary ones, `dist`, `build` and editors' own
 * droppings are not unless `.tandemignore` says so (`!build`); besides, whatever `.gitignore` files (nested ones too)
 * and `.git/info/exclude` leave out. `.tandemignore` is hidden itself: only who owns the folder can open it up.
 */
export type Ignore = {
  /** Reads git's own exclude list anew; to be called before a walk through the whole folder. */
  refresh(): void
  /**
   * Reads a directory's ignore files, where they changed; to be called with the names in it each time it is listed.
   * Answers whether it has some, or had.
   */
  enter(dir: string, names: readonly string[]): boolean
  /** Why a path is not shared, in a word for the person ('.gitignore', 'node_modules'); undefined where it is. */
  reason(path: string, isDir: boolean): string | undefined
}

/** What a file says, and which version of it. */
type File = { rules: ReturnType<typeof ignoreRules>; identity: string }
type Rules = { git?: File; own?: File }

const always = new Set(['node_modules'])
const outputs = new Set(['dist', 'build'])
/** Swap files, backups and locks that editors leave beside what they edit. */
const droppings = /^(?:\..*\.sw[a-p]|\.#.*|#.*#|.*~|4913|\.tandem-.*)$/

/** Names that are the same everywhere, as most are; in a path of this length they need no closer look. */
const plainName = /^[a-z0-9_](?:[\w.-]*[\w-])?$/i
const plainLength = 250

/** Starts without knowing any ignore file but git's own exclude list. */
export function createIgnore(root: string): Ignore {
  const rulesByDir = new Map<string, Rules>()
  let reasonByDir = new Map<string, string | undefined>()
  const excludeFile = join(root, '.git/info/exclude')
  let exclude = parse(excludeFile, undefined)

  /** The verdict of the nearest ignore file that has one. */
  const verdict = (path: string, isDir: boolean, which: keyof Rules): boolean | undefined => {
    if (rulesByDir.size === 0 && (which === 'own' || !exclude)) return undefined
    for (let dir = parentOf(path); ; dir = parentOf(dir)) {
      const rules = rulesByDir.get(dir)?.[which]?.rules
      const inside = dir === '' ? path : path.slice(dir.length + 1)
      const result = rules?.test(isDir ? inside + '/' : inside)
      if (result?.ignored) return true
      if (result?.unignored) return false
      if (dir === '')
        return which === 'git' && exclude?.rules.test(isDir ? path + '/' : path).ignored ? true : undefined
    }
  }

  const ofItself = (path: string, isDir: boolean): string | undefined => {
    const name = nameOf(path)
    if (path.length > plainLength || !plainName.test(name)) {
      if (isProtectedName(name)) return name
      const checked = checkPath(path)
      if (!('path' in checked) || checked.path !== path || path.includes('\ufffd')) return 'name'
    }
    const never = always.has(name) ? name : secretOf(name)
    if (never !== undefined) return never
    const own = verdict(path, isDir, 'own')
    if (own !== undefined) return own ? '.tandemignore' : undefined
    if (droppings.test(name)) return 'editor files'
    if (isHidden(name, isDir)) return 'hidden files'
    if (isDir && outputs.has(name)) return name
    return verdict(path, isDir, 'git') ? '.gitignore' : undefined
  }

  const reasonOfDir = (dir: string): string | undefined => {
    if (dir === '') return undefined
    if (!reasonByDir.has(dir)) reasonByDir.set(dir, reasonOfDir(parentOf(dir)) ?? ofItself(dir, true))
    return reasonByDir.get(dir)
  }

  return {
    refresh: () => {
      const before = exclude
      exclude = parse(excludeFile, before)
      if (exclude !== before) reasonByDir = new Map()
    },
    enter: (dir, names) => {
      const had = rulesByDir.get(dir)
      const has = names.filter((name) => name === '.gitignore' || name === '.tandemignore')
      if (has.length === 0 && !had) return false
      const rules: Rules = {}
      for (const name of has) {
        const which = name === '.gitignore' ? 'git' : 'own'
        const parsed = parse(join(root, dir, name), had?.[which])
        if (parsed) rules[which] = parsed
      }
      if (rules.git === had?.git && rules.own === had?.own) return true
      if (rules.git || rules.own) rulesByDir.set(dir, rules)
      else rulesByDir.delete(dir)
      reasonByDir = new Map()
      return true
    },
    reason: (path, isDir) => reasonOfDir(parentOf(path)) ?? (isDir ? reasonOfDir(path) : ofItself(path, false)),
  }
}

/** Larger is no ignore file. */
const maxBytes = 1024 * 1024
const racyMs = 2_000

/** Not through a link, as git reads them, and never waiting for a pipe that somebody gave such a name; as before where nothing changed. */
function parse(file: string, before: File | undefined): File | undefined {
  const now = look(file)
  if (typeof now === 'string' || now.kind !== 'file' || now.size > maxBytes) return undefined
  // Written twice within one tick of a clock it may look the same: who comes back later sees.
  const isOld = Date.now() - Number(now.mtimeNs.slice(0, -6)) > racyMs
  if (before && isOld && before.identity === identity(now)) return before
  let fd: number | undefined
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    if (!fstatSync(fd).isFile()) return undefined
    return { rules: ignoreRules().add(readFileSync(fd, 'utf8')), identity: identity(now) }
  } catch {
    // None there, or not readable: git does not mind either.
    return undefined
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
