/**
 * Settings of git that run no program and lead nowhere else, by section; what is not here counts as if it did. A list of
 * what is dangerous would be out of date with the next git.
 */
// oxfmt-ignore
const harmless: Record<string, readonly string[]> = {
  core: [
    'repositoryformatversion', 'filemode', 'bare', 'logallrefupdates', 'ignorecase', 'precomposeunicode', 'symlinks', 'autocrlf', 'eol', 'safecrlf',
    'quotepath', 'abbrev', 'compression', 'loosecompression', 'sparsecheckout', 'sparsecheckoutcone', 'untrackedcache', 'preloadindex', 'protectntfs',
    'protecthfs', 'bigfilethreshold', 'longpaths', 'checkstat', 'trustctime', 'sharedrepository', 'multipackindex', 'commitgraph',
  ],
  remote: ['url', 'pushurl', 'fetch', 'tagopt', 'prune', 'promisor', 'partialclonefilter', 'mirror', 'skipdefaultupdate'],
  branch: ['remote', 'merge', 'rebase', 'description', 'autosetupmerge', 'autosetuprebase', 'pushremote', 'vscode-merge-base'],
  submodule: ['url', 'active', 'branch', 'recurse', 'fetchjobs'],
  user: ['name', 'email'], author: ['name', 'email'], committer: ['name', 'email'], init: ['defaultbranch'],
  pull: ['rebase', 'ff'], push: ['default', 'autosetupremote', 'followtags'], fetch: ['prune', 'prunetags', 'parallel', 'writecommitgraph'],
  merge: ['ff', 'conflictstyle', 'renames', 'renamelimit'], rebase: ['autostash', 'autosquash', 'updaterefs'], commit: ['gpgsign', 'cleanup', 'verbose'],
  tag: ['gpgsign', 'sort', 'forcesignannotated'], diff: ['renames', 'renamelimit', 'algorithm', 'colormoved', 'mnemonicprefix', 'submodule'],
  gc: ['auto', 'autodetach', 'autopacklimit', 'pruneexpire', 'worktreepruneexpire'], maintenance: ['auto', 'strategy'], index: ['version', 'threads'],
  pack: ['threads', 'window', 'depth', 'windowmemory', 'usesparse', 'writereverseindex'], feature: ['manyfiles', 'experimental'],
  extensions: ['worktreeconfig', 'objectformat', 'partialclone', 'refstorage', 'relativeworktrees', 'preciousobjects', 'noop'],
  rerere: ['enabled', 'autoupdate'], status: ['showuntrackedfiles', 'submodulesummary', 'short', 'branch'], color: ['ui'], log: ['date', 'decorate'],
  advice: ['detachedhead', 'addembeddedrepo', 'addignoredfile', 'skippedcherrypicks'], lfs: ['repositoryformatversion'],
}

const header = /^\[([A-Za-z0-9-]+)(?: "((?:[^"\\]|\\["\\])*)")?\]$/
/** An invisible character: git may read the line otherwise than we do. */
const unusual = /[^\t\x20-\x7e\u00a1-\uffff]/
const setting = /^([A-Za-z][A-Za-z0-9-]*)(?:\s*=\s*(.*))?$/
/** An address that git understands as a program to run, or as an option, however it is quoted. */
const runsAsAddress = /::|\\|^[\s"]*-/

/**
 * The lines of a configuration that are not known to run nothing, each with its section. Reads a strict part of git's
 * grammar, the part git writes itself: whatever else stands there (a setting behind its header, a line that goes on) is
 * such a line too.
 */
export function doubtfulLines(config: string): string[] {
  let section = ''
  const doubtful: string[] = []
  for (const raw of config.split('\n')) {
    const line = raw.trim()
    const isOdd = line.endsWith('\\') || unusual.test(raw)
    if (!isOdd && (line === '' || line.startsWith('#') || line.startsWith(';'))) continue
    if (!isOdd && header.test(line)) section = line
    else if (isOdd || !runsNothing(section, line)) doubtful.push(`${section} ${raw}`)
  }
  return doubtful
}

function runsNothing(section: string, line: string): boolean {
  const name = header.exec(section)?.[1]?.toLowerCase() ?? ''
  const [, key, value = ''] = setting.exec(line) ?? []
  if (key === undefined || !Object.hasOwn(harmless, name)) return false
  return (harmless[name]?.includes(key.toLowerCase()) ?? false) && !runsAsAddress.test(value)
}
