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
export const isObeyed = (name: string): boolean => names.has(name)

/** The parts of a repository that make git run programs, or look for its settings elsewhere. */
// oxfmt-ignore
export const gitParts = ['hooks', 'config', 'config.worktree', 'commondir'] as const

/** Where a repository keeps others: submodules, and what further working trees of it have apart. */
export const gitNests = ['modules', 'worktrees'] as const

/** Whether git takes a folder with these names in it for a repository, whatever the folder is called. */
export const looksLikeRepository = (entries: ReadonlySet<string>): boolean =>
  entries.has('HEAD') && (entries.has('refs') || entries.has('commondir'))
