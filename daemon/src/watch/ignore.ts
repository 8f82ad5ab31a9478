import ignoreRules from 'ignore'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { checkPath, isProtectedName, nameOf, parentOf } from '@tandem/shared'
import { isHidden, secretOf } from './hidden.ts'

/**
 * Decides what of a folder is shared: one predicate for scan, watch and what arrives from outside. `.git`, `.tandem`,
 * `node_modules`, `.env*` and keys never are; hidden files but the ordinary ones, `dist`, `build` and editors' own
 * droppings are not unless `.tandemignore` says so (`!build`); besides, whatever `.gitignore` files (nested ones too)
 * and `.git/info/exclude` leave out. `.tandemignore` is hidden itself: only who owns the folder can open it up.
 */
export type Ignore = {
  /** Reads a directory's ignore files; to be called with the names in it each time it is listed. */
  enter(dir: string, names: readonly string[]): Promise<void>
  /** Why a path is not shared, in a word for the person ('.gitignore', 'node_modules'); undefined where it is. */
  reason(path: string, isDir: boolean): string | undefined
}

type Rules = { git?: ReturnType<typeof ignoreRules>; own?: ReturnType<typeof ignoreRules> }

const always = new Set(['node_modules'])
const outputs = new Set(['dist', 'build'])
/** Swap files, backups and locks that editors leave beside what they edit. */
const droppings = /^(?:\..*\.sw[a-p]|\.#.*|#.*#|.*~|4913|\.tandem-.*)$/

/** Starts without knowing any ignore file but git's own exclude list. */
export async function createIgnore(root: string): Promise<Ignore> {
  const rulesByDir = new Map<string, Rules>()
  let reasonByDir = new Map<string, string | undefined>()
  const exclude = await parse(join(root, '.git/info/exclude'))

  /** The verdict of the nearest ignore file that has one. */
  const verdict = (path: string, isDir: boolean, which: keyof Rules): boolean | undefined => {
    for (let dir = parentOf(path); ; dir = parentOf(dir)) {
      const rules = rulesByDir.get(dir)?.[which]
      const inside = dir === '' ? path : path.slice(dir.length + 1)
      const result = rules?.test(isDir ? inside + '/' : inside)
      if (result?.ignored) return true
      if (result?.unignored) return false
      if (dir === '') return which === 'git' && exclude?.test(isDir ? path + '/' : path).ignored ? true : undefined
    }
  }

  const ofItself = (path: string, isDir: boolean): string | undefined => {
    const name = nameOf(path)
    if (isProtectedName(name)) return name
    const checked = checkPath(path)
    if (!('path' in checked) || checked.path !== path || path.includes('\ufffd')) return 'name'
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
    enter: async (dir, names) => {
      const had = rulesByDir.get(dir)
      const has = names.filter((name) => name === '.gitignore' || name === '.tandemignore')
      if (has.length === 0 && !had) return
      const rules: Rules = {}
      for (const name of has) {
        const parsed = await parse(join(root, dir, name))
        if (parsed) rules[name === '.gitignore' ? 'git' : 'own'] = parsed
      }
      if (rules.git || rules.own) rulesByDir.set(dir, rules)
      else rulesByDir.delete(dir)
      reasonByDir = new Map()
    },
    reason: (path, isDir) => reasonOfDir(parentOf(path)) ?? (isDir ? reasonOfDir(path) : ofItself(path, false)),
  }
}

/** Larger is no ignore file. */
const maxBytes = 1024 * 1024

/** Not through a link, as git reads them, and never waiting for a pipe that somebody gave such a name. */
async function parse(file: string): Promise<ReturnType<typeof ignoreRules> | undefined> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const stat = await handle.stat()
    return stat.isFile() && stat.size <= maxBytes ? ignoreRules().add(await handle.readFile('utf8')) : undefined
  } catch {
    // None there, or not readable: git does not mind either.
    return undefined
  }
}
