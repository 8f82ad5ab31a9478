import { extname } from 'node:path'
import { judgeNetwork, judgePorts, standingGrants } from './decide-network.ts'
import { isAllowedName } from './environment.ts'
import { matches } from './matches.ts'
import type { Policy } from './policy.ts'
import { parseShell, type ShellCommand, type ShellScript } from './shell-commands.ts'
import { innerCommands } from './wrappers.ts'

export type Verdict = 'allow' | 'ask' | 'deny'

export type Decision = {
  readonly decision: Verdict
  /** The rule that decided, as it stands in the policy; `default` or `unresolved` where none did. */
  readonly rule: string
  /** Every command found, for the approval card; `…` stands for a word that only running would reveal. */
  readonly commands: string[][]
  /** In words, for a person. */
  readonly reason: string
  /** False: it may only look at the folder. */
  readonly writable: boolean
  /** The hosts it may reach once it may run, `@npm` for the registry of npm. */
  readonly network: readonly string[]
}

/** What besides the command itself decides. */
type Asked = {
  readonly env?: Readonly<Record<string, string>> | undefined
  /** The hosts it asks for. */
  readonly network?: readonly string[] | undefined
  /** The ports at which it wants to be reached. */
  readonly ports?: readonly number[] | undefined
}

export const rank: Record<Verdict, number> = { allow: 0, ask: 1, deny: 2 }
const standardFolders = /^\/(usr\/(local\/)?)?s?bin\//
/** Variables that decide which program runs, or make another one run. */
const steering = /^(PATH|LD_|DYLD_|NODE_OPTIONS|GIT_|BASH_ENV|ENV|IFS|PYTHON|PERL|RUBY|EDITOR|PAGER|SHELL|npm_config_)/i
const maxDepth = 8
const thePolicy = 'the policy of this machine'

/**
 * Judges a shell line, or a program with its arguments, in the environment and with the hosts it asks for. Every command
 * in it is judged, also those behind wrappers and substitutions, and the strictest verdict wins. What cannot be resolved
 * is asked about.
 */
export function decide(
  policy: Policy,
  command: string | readonly string[],
  { env = {}, network = [], ports = [] }: Asked = {},
): Decision {
  const { mode } = policy.commands
  const script: ShellScript =
    typeof command === 'string'
      ? parseShell(command)
      : { commands: [{ words: command, sets: [] }], doubts: [], writes: false }
  const { commands, doubts, writes } = flatten(script, 0)
  const judged = commands.map((one) => judge(policy, one))
  if (mode === 'ask' && writes) judged.push(asksFirst)
  const steered = Object.keys(env).filter((name) => steering.test(name) && isAllowedName(name))
  const setting = steered.length > 0 ? [`sets ${steered.join(', ')}`] : []
  const unresolved = [...doubts, ...setting].map((doubt): Judgement => ({
    decision: 'ask',
    rule: 'unresolved',
    reason: `it ${doubt}`,
  }))
  if (judged.length === 0 && unresolved.length === 0)
    unresolved.push({ decision: 'ask', rule: 'unresolved', reason: 'there is no command in it' })
  const all = [...judged, ...unresolved, ...judgeNetwork(policy, network), ...judgePorts(policy, ports)]
  const worst = all.reduce((a, b) => (rank[b.decision] > rank[a.decision] ? b : a))
  const reasons = all.filter((one) => one.decision === worst.decision).map((one) => one.reason)
  return {
    decision: worst.decision,
    rule: worst.rule,
    commands: commands.map(({ words }) => words.map((word) => word ?? '…')),
    reason: [...new Set(reasons)].join('; '),
    // What was allowed because it only looks can do no more.
    writable: mode === 'plan' ? false : mode !== 'ask' || worst.decision !== 'allow',
    network: [
      ...new Set([
        ...network,
        ...(all.some(({ rule }) => rule === 'unresolved') ? [] : standingGrants(policy, commands)),
      ]),
    ],
  }
}

/** All commands, wrapped ones too. Nested beyond reason = unresolved. */
export function flatten(script: ShellScript, depth: number): ShellScript {
  if (depth > maxDepth) return { commands: [], doubts: ['nests commands too deeply'], writes: false }
  const inner = script.commands.map((one) => flatten(innerCommands(plainName(one)), depth + 1))
  return {
    commands: [...script.commands, ...inner.flatMap((one) => one.commands)],
    doubts: [...script.doubts, ...inner.flatMap((one) => one.doubts)],
    writes: script.writes || inner.some((one) => one.writes),
  }
}

export type Judgement = Pick<Decision, 'decision' | 'rule' | 'reason'>

export function judge({ commands: rules, execExtensions }: Policy, command: ShellCommand): Judgement {
  const { words, sets } = plainName(command)
  const name = words[0]
  const ask = (reason: string): Judgement => ({ decision: 'ask', rule: 'unresolved', reason })
  // An assignment alone runs nothing; what it substitutes is judged by itself.
  if (words.length === 0)
    return sets.some((set) => steering.test(set))
      ? ask(`it sets ${sets.join(', ')}`)
      : { decision: 'allow', rule: 'assignment', reason: 'it sets a variable' }
  if (name === undefined) return ask('the name of a command is computed')

  const denied = rules.deny.find((rule) => matches(rule, words))
  if (denied !== undefined) return { decision: 'deny', rule: denied, reason: `command '${name}' not allowed` }
  const asks = rules.ask.find((rule) => matches(rule, words))
  if (asks !== undefined)
    return { decision: 'ask', rule: asks, reason: `${thePolicy} asks first about commands like \`${asks}\`` }
  const doubt = doubtAbout(name, words, sets, execExtensions)
  if (doubt !== undefined) return ask(doubt)
  const allowed = rules.allow.find((rule) => matches(rule, words))
  if (allowed !== undefined) {
    if (rules.mode === 'ask' && !rules.look.some((rule) => matches(rule, words))) return asksFirst
    return { decision: 'allow', rule: allowed, reason: `'${allowed}' is allowed` }
  }
  const reason = rules.default === 'deny' ? `command '${name}' not allowed` : `${thePolicy} has no rule for \`${name}\``
  return { decision: unnamed(rules), rule: 'default', reason }
}

export const asksFirst: Judgement = {
  decision: 'ask',
  rule: 'mode',
  reason: 'in the mode `ask` a person allows whatever does more than look',
}

/** What becomes of a command that no rule names. */
function unnamed({ mode, default: decision }: Policy['commands']): Verdict {
  if (decision === 'ask' && mode === 'auto') return 'allow'
  return decision === 'allow' && mode === 'ask' ? 'ask' : decision
}

/** Reasons to ask about a command even where its name is allowed. */
function doubtAbout(
  name: string,
  words: ShellCommand['words'],
  sets: readonly string[],
  execExtensions: readonly string[],
): string | undefined {
  const steered = sets.filter((set) => steering.test(set))
  if (steered.length) return `it sets ${steered.join(', ')}`
  if (name.includes('/') && !isOurFile(name, execExtensions)) return `a command is named by its path, ${name}`
  if (name === 'source' || name === '.' || name === 'alias' || name === 'trap')
    return `'${name}' changes what later commands do`
  if (name === 'git' && gitOptionsRun(words)) return 'git is told to run another program'
  return words.includes(undefined) && runsItsArguments.has(name) ? `the arguments of '${name}' are computed` : undefined
}

const runsItsArguments = new Set([
  'bash',
  'sh',
  'dash',
  'zsh',
  'env',
  'xargs',
  'exec',
  'command',
  'builtin',
  'nohup',
  'setsid',
  'timeout',
  'nice',
  'time',
  'find',
  'eval',
  'npx',
  'node',
  'python',
  'python3',
  'awk',
  'sed',
  'ssh',
])

/** `git -c alias.x=!cmd`, `--exec-path` and the like stand before the subcommand. */
function gitOptionsRun(words: ShellCommand['words']): boolean {
  const options = words.slice(1)
  const end = options.findIndex((word) => word === undefined || !word.startsWith('-'))
  const early = end < 0 ? options : options.slice(0, end)
  return (
    early.some((word) => /^(-c|--config-env|--exec-path|-C|--git-dir|--work-tree)/.test(word ?? '')) ||
    options.some((word) => /^--(upload-pack|receive-pack|exec|ext-diff)/.test(word ?? ''))
  )
}

/** `/usr/bin/sudo` is `sudo`: a rule speaks of the program. Other paths stay as they are. */
function plainName(command: ShellCommand): ShellCommand {
  const name = command.words[0]
  return name !== undefined && standardFolders.test(name)
    ? { ...command, words: [name.replace(/^.*\//, ''), ...command.words.slice(1)] }
    : command
}

/** A file below the working folder, of a kind that a rule may allow to be executed. */
const isOurFile = (path: string, execExtensions: readonly string[]): boolean =>
  !path.startsWith('/') && !path.split('/').includes('..') && execExtensions.includes(extname(path))
