import { nameOf } from '@tandem/shared'
import { flatten } from '../../sandbox/decide.ts'
import { parseShell } from '../../sandbox/shell-commands.ts'

type Words = readonly (string | undefined)[]

/**
 * What people are asked about whatever the mode [S272]: it cannot be taken back, reaches beyond the workspace, or changes
 * what later runs do or are told. In words, one for each kind; nothing where there is none.
 */
export function dangersOfLine(line: string): string[] {
  const { commands, writes } = flatten(parseShell(line), 0)
  const found = commands.flatMap(({ words }) => rules.flatMap(([reason, isMeant]) => (isMeant(words) ? [reason] : [])))
  const changes = writes || commands.some(({ words }) => !looksOnly.has(words[0] ?? ''))
  if (changes && guardedName.test(line)) found.push(changesGuarded)
  return [...new Set(found)]
}

/** The same of a file that is written. `removed`: how many lines of it go that nothing takes the place of. */
export function dangersOfEdit(path: string, removed: number): string[] {
  return [
    ...(guardedName.test(path) ? [changesGuarded] : []),
    ...(secretName.test(nameOf(path)) ? ['it writes where secrets are kept'] : []),
    ...(removed >= muchRemoved ? [`it removes ${removed} lines`] : []),
  ]
}

const muchRemoved = 200
const changesGuarded = 'it changes what agents and machines are told to do'
/** What tells agents, skills, and the machines of a repository's host what to do. */
const guardedName =
  /(^|[\s/'"=>])(AGENTS\.md|CLAUDE\.md|GEMINI\.md|SKILL\.md|\.agents(\/|$|\s)|\.github\/workflows(\/|$|\s)|\.gitlab-ci\.yml|\.tandem\S*)/i
const secretName = /^\.env(\.|$)|^\.npmrc$|^\.netrc$|^id_(rsa|ed25519|ecdsa)|\.pem$|\.key$|^credentials/i
const secretPlace =
  /(^|[/=])(\.env(\.[\w.-]+)?|\.npmrc|\.netrc|\.ssh|\.aws|\.gnupg|id_(rsa|ed25519|ecdsa)|credentials)(\/|$)/i
// oxfmt-ignore
const looksOnly = new Set(['ls', 'cat', 'grep', 'rg', 'head', 'tail', 'wc', 'find', 'diff', 'stat', 'file', 'pwd', 'cd', 'echo', 'sort', 'uniq', 'cut', 'tr', 'tree', 'jq', 'true', 'test', '[', 'basename', 'dirname'])

/** The first words of a command, its options left out: `git -C x push` is `git push`. */
const plain = (words: Words) => words.filter((word) => word === undefined || !word.startsWith('-'))
const starts = (words: Words, ...names: readonly string[]) =>
  names.some((name) => name.split(' ').every((word, i) => plain(words)[i] === word))
const has = (words: Words, pattern: RegExp) => words.some((word) => word !== undefined && pattern.test(word))
const isOf = (words: Words, names: ReadonlySet<string>) => names.has(words[0] ?? '')

// oxfmt-ignore
const packagers = ['npm', 'pnpm', 'yarn', 'bun', 'pip', 'pip3', 'uv', 'cargo', 'gem', 'bundle', 'go', 'composer', 'poetry', 'apt', 'apt-get', 'brew', 'dnf', 'yum', 'apk', 'pacman']
// oxfmt-ignore
const installing = ['install', 'i', 'add', 'ci', 'update', 'upgrade', 'up', 'exec', 'x', 'dlx', 'create', 'init', 'get', 'sync', 'require', 'remove', 'uninstall']
// oxfmt-ignore
const reaching = new Set(['curl', 'wget', 'ssh', 'scp', 'sftp', 'rsync', 'nc', 'ncat', 'telnet', 'ftp', 'gh', 'glab', 'docker', 'podman', 'kubectl', 'aws', 'gcloud', 'az'])

const rules: readonly (readonly [reason: string, isMeant: (words: Words) => boolean])[] = [
  [
    'it removes',
    (words) =>
      isOf(words, new Set(['rm', 'rmdir', 'shred', 'truncate', 'unlink'])) ||
      starts(words, 'git clean', 'git restore', 'git checkout', 'git rm', 'git stash') ||
      (starts(words, 'git reset') && words.includes('--hard')) ||
      (starts(words, 'git branch') && has(words, /^(-[dD]|--delete)$/)) ||
      (words[0] === 'find' && words.includes('-delete')),
  ],
  ['it pushes', (words) => isGit(words, 'push', 'send-email') || starts(words, 'git remote', 'git config')],
  [
    'it publishes',
    (words) =>
      isOf(words, new Set(packagers)) &&
      has(words, /^(publish|unpublish|deprecate|dist-tag|owner|push|login|adduser|yank)$/)
        ? true
        : starts(words, 'twine upload'),
  ],
  [
    'it installs packages, which run what they bring',
    (words) =>
      isOf(words, new Set(['npx', 'bunx', 'pipx', 'uvx', 'corepack'])) ||
      (isOf(words, new Set(packagers)) &&
        plain(words)
          .slice(1, 3)
          .some((word) => installing.includes(word ?? ''))) ||
      (has([words[0]], /^python3?$/) && words.includes('pip')) ||
      (words[0] === 'yarn' && plain(words).length === 1),
  ],
  [
    'it reaches the network',
    (words) => isOf(words, reaching) || isGit(words, 'fetch', 'pull', 'clone', 'ls-remote', 'submodule'),
  ],
  [
    'it reaches outside the folder',
    (words) =>
      words.slice(1).some((word) => word !== undefined && isOutside(word)) || (words[0] ?? '').startsWith('../'),
  ],
  ['it reads or writes secrets', (words) => has(words, secretPlace) || isOf(words, new Set(['printenv']))],
]

const isGit = (words: Words, ...verbs: readonly string[]) =>
  words[0] === 'git' && words.slice(1, 6).some((word) => verbs.includes(word ?? ''))

function isOutside(word: string): boolean {
  const path = word.replace(/^--?[\w-]+=/, '')
  if (path.startsWith('~')) return true
  if (path.startsWith('/')) return !/^\/(workspace|tmp|dev\/(null|stdin|stdout|stderr))(\/|$)/.test(path)
  let depth = 0
  for (const part of path.split('/')) {
    if (part === '..') depth--
    else if (part !== '' && part !== '.') depth++
    if (depth < 0) return true
  }
  return false
}
