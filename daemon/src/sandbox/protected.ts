import { lstatSync, readFileSync, realpathSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'

/** Paths whose content programs outside the sandbox would run: read-only wherever they exist. */
// oxfmt-ignore
const runByOthers = [
  '.git/hooks', '.git/config', '.git/config.worktree', '.git/commondir', '.git/modules', '.git/worktrees', '.git/info/attributes', '.gitmodules',
  '.husky', '.vscode', '.idea', '.envrc', '.mcp.json', '.tandem', '.devcontainer',
]

export type ProtectedPaths = {
  /** Bound onto itself, so that it can be written in but not moved away (a rename answers EBUSY). */
  readonly pinned: readonly string[]
  readonly readOnly: readonly string[]
  /** Shown as empty, unreadable in truth. */
  readonly hidden: readonly string[]
}

/**
 * What of a workspace a command must not change or see, as absolute paths that exist now. `workspace` must be a real
 * path, `protect` comes from the policy. Nothing behind a link counts: bubblewrap would bind what it points at, and
 * show that.
 */
export function findProtectedPaths(
  workspace: string,
  { protect, findSecrets }: { protect: readonly string[]; findSecrets: (root: string) => string[] },
): ProtectedPaths {
  const at = (path: string) => join(workspace, path)
  const isHere = (path: string) => path.startsWith(`${workspace}/`) && orUndefined(() => realpathSync(path)) === path
  const ofGit = kindOf(at('.git')) === 'file' ? ['.git'] : hooksFolders(at('.git/config'))
  return {
    pinned: [at('.git')].filter((path) => isHere(path) && kindOf(path) === 'folder'),
    readOnly: [...new Set([...runByOthers, ...ofGit, ...protect].map(at))].filter(
      (path) => isHere(path) && kindOf(path),
    ),
    hidden: findSecrets(workspace),
  }
}

/** Where the repository keeps its hooks instead, when that is in the workspace. */
function hooksFolders(config: string): string[] {
  const text = orUndefined(() => readFileSync(config, 'utf8')) ?? ''
  return [...text.matchAll(/^\s*hooksPath\s*=\s*"?([^"\n]+?)"?\s*$/gim)].flatMap(([, path]) =>
    path && !isAbsolute(path) ? [path] : [],
  )
}

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
