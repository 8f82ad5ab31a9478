import { lstatSync, readFileSync, realpathSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { TandemError } from '@tandem/shared'
import type { Found } from './folder-index.ts'
import { gitParts } from './obeyed.ts'

/** Of the workspace's own repository: what makes any git outside the sandbox run programs. */
const ofOwnGit = [...gitParts.map((part) => `.git/${part}`), '.git/info/attributes', '.gitmodules']
/** Each costs a third of a millisecond before every command, and bubblewrap takes only so many. */
const maxReadOnly = 500

export type ProtectedPaths = {
  /** Bound onto itself, so that it can be written in but not moved away (a rename answers EBUSY). */
  readonly pinned: readonly string[]
  readonly readOnly: readonly string[]
  /** Shown as empty, unreadable in truth. */
  readonly hidden: readonly string[]
  /** What would be protected, and is not there: a command must not leave it behind. */
  readonly awaited: readonly string[]
}

/**
 * What of a workspace a command must not change or see, as absolute paths that exist now. `workspace` must be a real
 * path, `protect` comes from the policy. Nothing behind a link counts: bubblewrap would bind what it points at, and
 * show that. Throws where there is more than can be protected.
 */
export function findProtectedPaths(
  workspace: string,
  { protect, found }: { protect: readonly string[]; found: Found },
): ProtectedPaths {
  const at = (path: string) => join(workspace, path)
  const isWithin = (path: string) => path.startsWith(`${workspace}/`)
  const isHere = (path: string) => isWithin(path) && orUndefined(() => realpathSync(path)) === path
  const own = kindOf(at('.git')) === 'file' ? [] : hooksFolders(at('.git/config'))
  const asked = [...own, ...protect].map(at).filter(isWithin)
  const repositories = found.repositories.flatMap((path) =>
    kindOf(path) === 'folder' ? gitParts.map((part) => join(path, part)) : [path],
  )
  const readOnly = [...new Set([...ofOwnGit.map(at), ...found.obeyed, ...repositories, ...asked])].filter(
    (path) => path !== at('.tandem') && isHere(path) && kindOf(path),
  )
  if (readOnly.length > maxReadOnly) {
    const reason = `there are ${readOnly.length} folders and files that commands must not change, more than the ${maxReadOnly} that can be held: serve a smaller folder`
    throw new TandemError('sandbox-unavailable', { reason })
  }
  return {
    pinned: [at('.git')].filter((path) => isHere(path) && kindOf(path) === 'folder'),
    readOnly,
    hidden: found.secrets,
    awaited: asked.filter((path) => kindOf(path) === undefined),
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
