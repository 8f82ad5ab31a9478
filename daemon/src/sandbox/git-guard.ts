import { lchownSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Identity } from './identity.ts'

/** How many hold each folder's: walls of several kinds may be up for one, and what one takes away another still needs. */
const holders = new Map<string, number>()

/** What the placeholder says to git: "the common folder is this one", which is so without it too. */
const here = '.'

/**
 * Puts in place what must exist to be held in a repository's `.git` while commands run. What does not exist cannot be
 * bound read-only, and each of these makes any git outside the sandbox, an editor's for instance, run programs:
 * `hooks`, `config.worktree` where that is switched on, and `commondir`, which sends git to another configuration
 * altogether (shown to work with git 2.39). Returns the function that takes the placeholder away when no command runs
 * any more; one left behind by a killed daemon is harmless, and goes with the next command.
 */
export function createGitGuard(workspace: string, identity: Identity): { hold(): () => void } {
  const at = (name: string) => join(workspace, '.git', name)
  const make = (name: string, content: string | undefined) => {
    if (lstatSync(at(name), { throwIfNoEntry: false })) return
    if (content === undefined) mkdirSync(at(name))
    else writeFileSync(at(name), content, { flag: 'wx' })
    // Never through a link: the folder's owner could have put one in its place by now.
    if (identity.drop) lchownSync(at(name), identity.uid, identity.gid)
  }
  return {
    hold() {
      if (!lstatSync(join(workspace, '.git'), { throwIfNoEntry: false })?.isDirectory()) return () => {}
      holders.set(workspace, (holders.get(workspace) ?? 0) + 1)
      make('hooks', undefined)
      make('commondir', here)
      if (/^\s*worktreeConfig\b/im.test(contentOf(at('config')))) make('config.worktree', '')
      return () => {
        const left = (holders.get(workspace) ?? 1) - 1
        if (left > 0) return void holders.set(workspace, left)
        holders.delete(workspace)
        if (contentOf(at('commondir')) === here) rmSync(at('commondir'), { force: true })
      }
    },
  }
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // not there
  }
}
