import { parentOf, nameOf } from '@tandem/shared'
import { gitParts, isObeyed, looksLikeRepository } from './obeyed.ts'
import { repositoryPolicyFile } from './repository-policy.ts'

/**
 * Why a task must not write a shared file, where that is so: what programs outside the sandbox obey by themselves, what
 * the owner protects, and what would make git take a folder for a repository. Commands find those read-only, or have
 * them set aside; of a document it has to be known before. Names are compared as disks do that know no case.
 */
export function createOffLimits(
  protect: readonly string[],
): (path: string, namesIn: (folder: string) => ReadonlySet<string>) => string | undefined {
  const kept = [...protect, repositoryPolicyFile, '.gitmodules'].map((path) => trimmed(path).toLowerCase())
  return (given, namesIn) => {
    const path = given.toLowerCase()
    if (path.split('/').some(isObeyed))
      return 'programs outside the sandbox would run or obey it; a person has to write it'
    if (kept.some((each) => path === each || path.startsWith(`${each}/`)))
      return 'the policy of this machine does not let tasks change it'
    for (let at = given; at !== ''; at = parentOf(at)) {
      if (!repositoryNames.has(nameOf(at).toLowerCase())) continue
      const names = new Set([...namesIn(parentOf(at)), nameOf(at)].map((name) => canonical(name)))
      if (looksLikeRepository(names)) return 'git would take that folder for a repository, and run what it says'
    }
    return undefined
  }
}

const trimmed = (path: string): string => path.replace(/^(\.?\/)+|\/+$/g, '')
/** What makes a folder one, and what in it makes git run programs. */
const repositoryNames = new Set(['head', 'refs', 'objects', ...gitParts])
const canonical = (name: string): string => (name.toLowerCase() === 'head' ? 'HEAD' : name.toLowerCase())
