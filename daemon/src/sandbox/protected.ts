import { lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Paths whose content programs outside the sandbox would run: read-only wherever they exist. */
// oxfmt-ignore
const runByOthers = [
  '.git/hooks', '.git/config', '.git/config.worktree', '.git/modules', '.git/worktrees', '.git/info/attributes', '.gitmodules',
  '.husky', '.vscode', '.idea', '.envrc', '.mcp.json', '.tandem', '.devcontainer',
]

/** Folders that are large, made by tools, and hold no secrets of the project's own. */
const notSearched = new Set(['node_modules', '.git', '.venv', 'target', 'dist', '.cache', '.next', '.turbo'])
const examples = /\.(example|sample|template|dist)$/

export type ProtectedPaths = {
  /** Bound onto itself, so that it can be written in but not moved away (a rename answers EBUSY). */
  readonly pinned: readonly string[]
  readonly readOnly: readonly string[]
  /** Shown as empty, unreadable in truth. */
  readonly hidden: readonly string[]
}

/**
 * What of a workspace a command must not change or see, as absolute paths that exist now. `protect` and `hide` come
 * from the policy; `hide` matches file names anywhere in the tree, with `*` for any characters. A missing
 * `.git/hooks` is made first: what does not exist cannot be bound, and git treats an empty one alike.
 */
export function findProtectedPaths(
  workspace: string,
  { protect, hide }: { protect: readonly string[]; hide: readonly string[] },
): ProtectedPaths {
  const at = (path: string) => join(workspace, path)
  const isRepository = kindOf(at('.git')) === 'folder'
  if (isRepository && kindOf(at('.git/hooks')) === undefined) mkdirSync(at('.git/hooks'))
  return {
    pinned: isRepository ? [at('.git')] : [],
    readOnly: [...(kindOf(at('.git')) === 'file' ? ['.git'] : []), ...runByOthers, ...protect]
      .map(at)
      .filter((path) => kindOf(path) === 'folder' || kindOf(path) === 'file'),
    hidden: hide.length ? findFiles(workspace, hide.map(toPattern)) : [],
  }
}

function findFiles(folder: string, patterns: readonly RegExp[]): string[] {
  const entries = orUndefined(() => readdirSync(folder, { withFileTypes: true })) ?? []
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return notSearched.has(entry.name) ? [] : findFiles(path, patterns)
    return entry.isFile() && !examples.test(entry.name) && patterns.some((p) => p.test(entry.name)) ? [path] : []
  })
}

const toPattern = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .split('*')
      .map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
      .join('.*')}$`,
  )

/** Links are never followed: bubblewrap would bind what they point at. */
function kindOf(path: string): 'file' | 'folder' | 'other' | undefined {
  const stat = orUndefined(() => lstatSync(path))
  return stat === undefined ? undefined : stat.isDirectory() ? 'folder' : stat.isFile() ? 'file' : 'other'
}

/** Not there, below a file, or not ours to see: then it is nothing that a command could reach either. */
function orUndefined<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
