import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Folders that are large, made by tools, and hold no secrets of the project's own. */
const notSearched = new Set(['node_modules', '.git', '.venv', 'target', 'dist', '.cache', '.next', '.turbo'])
const examples = /\.(example|sample|template|dist)$/

type Known = { changedAt: number; folders: readonly string[]; found: readonly string[] }
/** A folder changed this recently is read again: within one tick of the file system's clock another change would not show. */
const settledMs = 2_000

/** Whether a file of this name is hidden by these patterns; `*` stands for any characters. */
export function secretNames(globs: readonly string[]): (name: string) => boolean {
  const patterns = globs.map(toPattern)
  return (name) => !examples.test(name) && patterns.some((pattern) => pattern.test(name))
}

/**
 * Finds files by name anywhere in a tree, links apart. A folder is read again only when
 * its time of change differs, since the search stands before every command (15,000 files: 40 ms the first time, then 8).
 */
export function createSecretFinder(globs: readonly string[], now = Date.now): (root: string) => string[] {
  const isSecret = secretNames(globs)
  const knownByFolder = new Map<string, Known>()

  const read = (folder: string): Known | undefined => {
    try {
      // ctime: unlike mtime, a command cannot set it back to hide that something was added.
      const changedAt = statSync(folder).ctimeMs
      const known = knownByFolder.get(folder)
      if (known?.changedAt === changedAt) return known
      const entries = readdirSync(folder, { withFileTypes: true })
      const names = (wanted: (entry: (typeof entries)[number]) => boolean) =>
        entries.filter(wanted).map(({ name }) => join(folder, name))
      const fresh = {
        changedAt,
        folders: names((entry) => entry.isDirectory() && !notSearched.has(entry.name)),
        found: names((entry) => entry.isFile() && isSecret(entry.name)),
      }
      if (now() - changedAt > settledMs) knownByFolder.set(folder, fresh)
      return fresh
    } catch {
      knownByFolder.delete(folder)
      return undefined // gone meanwhile, or not ours to see: then it is nothing that a command could read either
    }
  }
  const search = (folder: string): string[] => {
    const known = read(folder)
    return known ? [...known.found, ...known.folders.flatMap(search)] : []
  }
  return globs.length ? search : () => []
}

const toPattern = (glob: string): RegExp => {
  const parts = glob.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`)
}
