import { asksFirst, flatten, judge, rank, type Decision, type Judgement } from './decide.ts'
import { parseShell, type ShellScript } from './shell-commands.ts'
import type { Policy } from './policy.ts'

/** What is of no matter where nothing of the machine's is reached: names are looked up in the shell, and all paths are its own. */
const harmless = new Set([
  'defines a function',
  'writes outside the folder',
  'redirects to a place that is not known yet',
  'opens a network connection',
])

/** Longer ones are not looked into: to parse them would keep the daemon from everything else for seconds. */
const maxLine = 16_384

/**
 * Judges a line of the virtual shell. Its own commands start nothing, so that only what a rule names is asked about or
 * denied, and in the mode `ask` all that does more than look; programs are judged like any command, as far as they can be
 * seen: what they are called with in the end is judged when they are. `default: "deny"` holds for all.
 */
export function decideLine(
  policy: Policy,
  line: string,
  isProgram: (name: string) => boolean,
): Pick<Decision, 'decision' | 'rule' | 'reason' | 'writable'> {
  const { mode } = policy.commands
  const { commands, doubts, writes } = line.length > maxLine ? tooLong : flatten(parseShell(line), 0)
  const judged: Judgement[] = [{ decision: 'allow', rule: 'shell', reason: 'it starts nothing of the machine’s' }]
  for (const one of commands) {
    const [name] = one.words
    if (name === undefined || isProgram(name)) judged.push(judge(policy, one))
    else {
      const found = judge(policy, { words: one.words.map((word) => word ?? '…'), sets: [] })
      if (found.decision === 'deny' || !unnamed.has(found.rule)) judged.push(found)
      else if (mode === 'ask') judged.push(asksFirst)
    }
  }
  const open = doubts.filter((doubt) => !harmless.has(doubt))
  judged.push(...open.map((doubt): Judgement => ({ decision: 'ask', rule: 'unresolved', reason: `it ${doubt}` })))
  if (mode === 'ask' && (writes || doubts.length > 0)) judged.push(asksFirst)
  const { decision, rule } = worstOf(judged)
  const reasons = judged.filter((each) => each.decision === decision).map(({ reason }) => reason)
  const writable = mode !== 'plan' && (mode !== 'ask' || decision !== 'allow')
  return { decision, rule, reason: [...new Set(reasons)].join('; '), writable }
}

const tooLong: ShellScript = { commands: [], doubts: ['is too long to be judged'], writes: true }

/** No rule of the owner's speaks of it. */
const unnamed = new Set(['default', 'unresolved'])
const worstOf = (judged: readonly Judgement[]) => judged.reduce((a, b) => (rank[b.decision] > rank[a.decision] ? b : a))
