import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gitNests, isObeyed, looksLikeRepository } from './obeyed.ts'

/** Folders that are large and made by tools: nobody keeps secrets or an editor's settings of the project's own in them. */
const made = new Set(['node_modules', '.git', '.venv', 'target', 'dist', '.cache', '.next', '.turbo'])
/** A folder changed this recently is read again: within one tick of the file system's clock another change would not show. */
const settledMs = 2_000
/** Then others have their turn: to read a folder of 100,000 files for the first time takes half a second. */
const sliceMs = 5

/** What is known of one folder, until its time of change differs. Names, not paths. */
type Known = {
  readonly changedAt: number
  readonly folders: readonly string[]
  readonly secrets: readonly string[]
  readonly obeyed: readonly string[]
  /** `.git`, whatever it is; and whether git would take the folder itself for a repository. */
  readonly dotGit: boolean
  readonly isRepository: boolean
}

/** Absolute paths. */
export type Found = {
  readonly secrets: string[]
  /** What programs outside obey. */
  readonly obeyed: string[]
  /** Whatever is named `.git`, and folders that git takes for repositories by what is in them. */
  readonly repositories: string[]
}

export type FolderIndex = {
  /** Searches a tree, links apart, but not the folders that tools make. */
  find(root: string): Promise<Found>
  /** Searches those too; there only repositories count, for nobody opens them to work in. */
  findEverywhere(root: string): Promise<Found & { readonly madeByTools: ReadonlySet<string> }>
  /** One folder's times and subfolders; undefined where it is gone, or cannot be read. */
  look(folder: string): { readonly changedAt: number; readonly folders: readonly string[] } | undefined
}

/**
 * Finds by name what commands must not see, and what others would run. A folder is read again only when its time of
 * change differs, since the search stands before and after every command (15,000 files: 40 ms the first time, then 8).
 */
export function createFolderIndex(isSecret: (name: string) => boolean, now = Date.now): FolderIndex {
  const knownByFolder = new Map<string, Known>()

  const read = (folder: string): Known | undefined => {
    try {
      // ctime: unlike mtime, a command cannot set it back to hide that something was added.
      const changedAt = statSync(folder).ctimeMs
      const known = knownByFolder.get(folder)
      if (known?.changedAt === changedAt) return known
      const entries = readdirSync(folder, { withFileTypes: true })
      const all = new Set(entries.map(({ name }) => name))
      const namesOf = (wanted: (entry: (typeof entries)[number]) => boolean) => {
        const found = entries.filter(wanted).map(({ name }) => name)
        return found.length > 0 ? found : none
      }
      const fresh: Known = {
        changedAt,
        folders: namesOf((entry) => entry.isDirectory()),
        secrets: namesOf((entry) => entry.isFile() && isSecret(entry.name)),
        obeyed: namesOf(({ name }) => isObeyed(name)),
        dotGit: all.has('.git'),
        isRepository: looksLikeRepository(all),
      }
      if (now() - changedAt > settledMs) knownByFolder.set(folder, fresh)
      else knownByFolder.delete(folder)
      return fresh
    } catch {
      knownByFolder.delete(folder)
      return undefined // gone meanwhile, or not ours to see: then it is nothing that a command could read either
    }
  }

  const search = async (root: string, everywhere: boolean) => {
    const found = { secrets: [] as string[], obeyed: [] as string[], repositories: [] as string[] }
    const madeByTools = new Set<string>()
    const open = [root]
    let sliceAt = performance.now()
    for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
      if (performance.now() - sliceAt > sliceMs) {
        await new Promise(setImmediate)
        sliceAt = performance.now()
      }
      const known = read(folder)
      if (!known) continue
      const isMade = madeByTools.has(folder)
      const at = (name: string) => join(folder, name)
      if (known.isRepository) found.repositories.push(folder)
      if (known.dotGit) {
        found.repositories.push(at('.git'))
        if (isMade) madeByTools.add(at('.git'))
        if (!everywhere && known.folders.includes('.git')) open.push(...gitNests.map((name) => at(`.git/${name}`)))
      }
      if (!isMade) {
        found.secrets.push(...known.secrets.map(at))
        found.obeyed.push(...known.obeyed.map(at))
      }
      for (const name of known.folders) {
        if (name === '.tandem' || (!everywhere && made.has(name))) continue
        if (isMade || made.has(name)) madeByTools.add(at(name))
        open.push(at(name))
      }
    }
    return { ...found, repositories: [...new Set(found.repositories)], madeByTools }
  }
  return {
    find: (root) => search(root, false),
    findEverywhere: (root) => search(root, true),
    look: read,
  }
}

const none: readonly string[] = []
