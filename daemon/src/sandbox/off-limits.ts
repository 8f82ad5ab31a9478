import { foldedName, nameOf, parentOf } from '@tandem/shared'
import { gitParts, isObeyed, isShortOf, looksLikeRepository } from './obeyed.ts'
import { repositoryPolicyFile } from './repository-policy.ts'

/**
 * Why a task must not write a shared file, where that is so: what programs outside the sandbox obey by themselves, what
 * the owner protects, and what would make git take a folder for a repository. Commands find those read-only, or have
 * them set aside; of a document it has to be known before. Names are compared as those disks do that tell fewest apart.
 */
export function createOffLimits(
  protect: readonly string[],
): (path: string, namesIn: (folder: string) => ReadonlySet<string>) => string | undefined {
  const kept = [...protect, repositoryPolicyFile, '.gitmodules'].map((path) => foldedPath(trimmed(path)))
  return (given, namesIn) => {
    const path = foldedPath(given)
    if (given.split('/').some(isObeyed))
      return 'programs outside the sandbox would run or obey it; a person has to write it'
    if (kept.some((each) => isSame(each, path))) return 'the policy of this machine does not let tasks change it'
    for (let at = given; at !== ''; at = parentOf(at)) {
      if (!repositoryNames.has(foldedName(nameOf(at)))) continue
      const names = new Set([...namesIn(parentOf(at)), nameOf(at)].map((name) => canonical(name)))
      if (looksLikeRepository(names)) return 'git would take that folder for a repository, and run what it says'
    }
    return undefined
  }
}

const trimmed = (path: string): string => path.replace(/^(\.?\/)+|\/+$/g, '')
/** What makes a folder one, and what in it makes git run programs. */
const repositoryNames = new Set(['head', 'refs', 'objects', ...gitParts])
const canonical = (name: string): string => (foldedName(name) === 'head' ? 'HEAD' : foldedName(name))

const foldedPath = (path: string): string => path.split('/').map(foldedName).join('/')
/** Whether a path is that one or below it, each of its names as it is or short. */
function isSame(kept: string, path: string): boolean {
  const names = path.split('/')
  return kept.split('/').every((name, i) => names[i] === name || isShortOf([name], names[i] ?? ''))
}
