import { foldedName } from '@tandem/shared'

/**
 * Names that programs outside the sandbox obey by themselves, once somebody opens the folder, changes into it or starts
 * them there: shells' and editors' hooks, containers, agents' tools, and our own. What only runs when somebody asks for
 * it (`package.json`, a Makefile) is not among them.
 */
// oxfmt-ignore
const names = new Set([
  '.envrc', '.autoenv', '.mise.toml', 'mise.toml', '.mise',
  '.vscode', '.idea', '.fleet', '.zed', '.devcontainer', '.devcontainer.json', '.exrc', '.nvimrc', '.nvim.lua', '.vimrc', '.lvimrc',
  '.dir-locals.el', '.gdbinit', '.lldbinit', '.husky',
  '.mcp.json', '.claude', '.cursor', '.gemini', '.codex', '.windsurf', '.continue', '.aider.conf.yml',
  '.tandem', '.tandemignore',
])
/** In any spelling that some disk takes for one of them. */
export const isObeyed = (name: string): boolean =>
  names.has(name) || (mayBeOther.test(name) && (names.has(foldedName(name)) || isShortOf(names, name)))

/** No other name can be one, since all of them begin so. */
const mayBeOther = /^[.m]|[^ -}]/i

/** Whether a name may be the short one (`VSCODE~1`) that Windows has for one of these besides its own. */
export function isShortOf(of: Iterable<string>, name: string): boolean {
  const [, stem, ending = ''] = /^([^.~]{1,6})~\d+(?:\.([^.]{0,3}))?$/.exec(foldedName(name)) ?? []
  if (stem === undefined) return false
  for (const each of of) {
    const [first = '', ...rest] = each.replace(/^\.+/, '').split('.')
    const last = rest.at(-1) ?? ''
    if (last.slice(0, 3) !== ending) continue
    // With many alike, Windows keeps two letters and makes up four.
    if (first.slice(0, 6) === stem || (/^..[0-9a-f]{4}$/.test(stem) && first.slice(0, 2) === stem.slice(0, 2)))
      return true
  }
  return false
}

/** The parts of a repository that make git run programs, or look for its settings elsewhere. */
// oxfmt-ignore
export const gitParts = ['hooks', 'config', 'config.worktree', 'commondir'] as const

/** Where a repository keeps others: submodules, and what further working trees of it have apart. */
export const gitNests = ['modules', 'worktrees'] as const

/** Whether git takes a folder with these names in it for a repository, whatever the folder is called. */
export const looksLikeRepository = (entries: ReadonlySet<string>): boolean =>
  entries.has('HEAD') && (entries.has('refs') || entries.has('commondir'))
