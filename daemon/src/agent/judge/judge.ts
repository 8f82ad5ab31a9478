import { messageOf, type AgentMode } from '@tandem/shared'
import { z } from 'zod'
import { isProgram } from '../../bash/programs.ts'
import { createGuard } from '../../egress/guard.ts'
import { decideLine } from '../../sandbox/decide-line.ts'
import type { Policy } from '../../sandbox/policy.ts'
import type { Question, Verdict } from '../loop/ports.ts'
import type { Tool } from '../loop/tool.ts'
import type { Call } from '../step/step.ts'
import { agentReach } from '../tools/fetch.ts'
import { projectPath } from '../tools/project-path.ts'
import { dangersOfEdit, dangersOfLine } from './danger.ts'

type JudgePorts = {
  /** What the person who began the run chose. */
  mode: AgentMode
  /** The owner's policy, as it is now; throws where that cannot be known. */
  policyNow(): Policy
  /** Whether a person allowed the same for longer. */
  isGranted(call: Call): boolean
  /** A text as it is now; nothing where there is none. */
  textAt(path: string): Promise<string | undefined>
}

type Wish = 'allow' | 'ask' | 'deny'
type Reason = { decision: Wish; reason: string; isDanger?: boolean }

/**
 * What the mode, the owner's policy and the rules about dangers say of a call, the strictest of them. A denial beats
 * everything; what is to be asked is allowed where a person has allowed the same for longer.
 */
export async function judgeCall(call: Call, tool: Tool, ports: JudgePorts): Promise<Verdict> {
  let policy: Policy
  try {
    policy = ports.policyNow()
  } catch (e) {
    return { decision: 'deny', reason: `the policy of this machine cannot be applied: ${messageOf(e)}` }
  }
  const mode = strictest(ports.mode, policy)
  const reasons = await reasonsFor(call, tool, mode, policy, ports)
  const denied = reasons.find(({ decision }) => decision === 'deny')
  if (denied) return { decision: 'deny', reason: denied.reason }
  const asked = reasons.filter(({ decision }) => decision === 'ask')
  if (asked.length === 0 || ports.isGranted(call)) return { decision: 'allow' }
  const isDanger = asked.some((each) => each.isDanger)
  const risk: Question['risk'] = isDanger ? 'high' : 'medium'
  const why = [...new Set(asked.map(({ reason }) => reason))].join('; ')
  return { decision: 'ask', risk, summary: summaryOf(call), reason: `${why.charAt(0).toUpperCase()}${why.slice(1)}.` }
}

/** Who may only look, or is asked first, by the owner's word is so whatever somebody chose for a run. */
function strictest(mode: AgentMode, { commands }: Policy): AgentMode {
  if (commands.mode === 'plan') return 'plan'
  return commands.mode === 'ask' && mode !== 'plan' ? 'ask' : mode
}

const asksFirst: Reason = { decision: 'ask', reason: 'in this mode a person allows whatever changes something' }
const plansOnly: Reason = { decision: 'deny', reason: 'the run is in the mode `plan`: it looks, and changes nothing' }
const danger = (reason: string): Reason => ({ decision: 'ask', reason, isDanger: true })

const Line = z.object({ script: z.string() })
const Address = z.object({ url: z.string(), method: z.string() })
const Edits = z.object({ path: z.string(), edits: z.array(z.object({ oldText: z.string(), newText: z.string() })) })
const Whole = z.object({ path: z.string(), content: z.string() })

async function reasonsFor(
  call: Call,
  tool: Tool,
  mode: AgentMode,
  policy: Policy,
  { textAt }: JudgePorts,
): Promise<Reason[]> {
  const input = await tool.input.parseAsync(call.input)
  switch (call.tool) {
    case 'bash': {
      if (mode === 'plan') return [plansOnly]
      const { script } = Line.parse(input)
      const commands = { ...policy.commands, ...(mode !== 'auto' && { mode: 'ask' as const }) }
      const { decision, reason } = decideLine({ ...policy, commands }, script, isProgram)
      return [{ decision, reason }, ...dangersOfLine(script).map(danger)]
    }
    case 'fetch': {
      const { url, method } = Address.parse(input)
      return [ofAddress(method, url, mode, policy)]
    }
    case 'editFile': {
      if (mode === 'plan') return [plansOnly]
      const { path, edits } = Edits.parse(input)
      const removed = edits.reduce((sum, { oldText, newText }) => sum + lines(oldText) - lines(newText), 0)
      return [...(mode === 'ask' ? [asksFirst] : []), ...dangersOfEdit(projectPath(path), removed).map(danger)]
    }
    case 'writeFile': {
      if (mode === 'plan') return [plansOnly]
      const { path: raw, content } = Whole.parse(input)
      const path = projectPath(raw)
      const removed = lines((await textAt(path)) ?? '') - lines(content)
      return [...(mode === 'ask' ? [asksFirst] : []), ...dangersOfEdit(path, removed).map(danger)]
    }
    default:
      if (tool.isRead === true) return []
      if (mode === 'plan') return [plansOnly]
      return mode === 'auto' ? [] : [asksFirst]
  }
}

/** What the owner allows is fetched; what no rule of theirs denies, with a yes. */
function ofAddress(method: string, raw: string, mode: AgentMode, policy: Policy): Reason {
  const url = URL.parse(raw)
  if (!url) return { decision: 'deny', reason: 'this is no URL' }
  if (!createGuard(agentReach(policy)).refusal(method, url)) return { decision: 'allow', reason: 'it is allowed' }
  const refusal = createGuard(agentReach(policy, url)).refusal(method, url)
  if (refusal) return { decision: 'deny', reason: refusal.reason }
  if (mode === 'plan' || policy.network.commands.default === 'deny')
    return { decision: 'deny', reason: `${url.host} is not allowed` }
  return danger(`it reaches ${url.host}, which no rule of this machine names`)
}

const lines = (text: string) => (text === '' ? 0 : text.split('\n').length)

/** As a person reads it before they say yes: all that is done, as far as there is room. */
function summaryOf({ tool, input }: Call): string {
  const line = Line.safeParse(input).data
  if (tool === 'bash' && line) return line.script
  const address = z.object({ url: z.string(), method: z.string().optional() }).safeParse(input).data
  if (tool === 'fetch' && address) return `${address.method ?? 'GET'} ${address.url}`
  const edits = Edits.safeParse(input).data
  if (tool === 'editFile' && edits)
    return `${edits.path}\n${edits.edits.map(({ oldText, newText }) => `${marked('-', oldText)}\n${marked('+', newText)}`).join('\n')}`
  const whole = Whole.safeParse(input).data
  if (tool === 'writeFile' && whole) return `${whole.path}\n${marked('+', whole.content)}`
  return `${tool} ${JSON.stringify(input)}`
}
const marked = (sign: string, text: string) =>
  text
    .split('\n')
    .map((line) => `${sign} ${line}`)
    .join('\n')
