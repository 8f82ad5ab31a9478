import { covers, denies, parseRule, type Rule } from '../egress/rules.ts'
import type { Judgement } from './decide.ts'
import { matches } from './matches.ts'
import type { Policy } from './policy.ts'
import type { ShellCommand } from './shell-commands.ts'

/** What stands for the registry that npm is configured with on this machine, wherever that is. */
export const npmRegistry = '@npm'

/**
 * Judges the hosts that a task asks for, each by itself: what is denied, given to all who ask, or left to a person.
 * Returns nothing where it asks for none.
 */
export function judgeNetwork({ commands, network }: Policy, wishes: readonly string[]): Judgement[] {
  if (wishes.length > 0 && commands.mode === 'plan')
    return [{ decision: 'deny', rule: 'mode', reason: 'in the mode `plan` nothing reaches the network' }]
  return wishes.map((wish) => {
    const asks = wish === npmRegistry ? undefined : parseRule(wish)
    const says = (decision: Judgement['decision'], rule: string, reason: string) => ({ decision, rule, reason })
    if (wish !== npmRegistry && asks?.path !== '/') return says('deny', 'network', `'${wish}' is no host`)
    const denied = asks && network.deny.find((rule) => isDenied(parseRule(rule), asks))
    if (denied !== undefined) return says('deny', denied, `the host '${wish}' is not allowed`)
    const allowed = asks && network.commands.allow.find((rule) => isCovered(parseRule(rule), asks, network.ports))
    if (allowed !== undefined && commands.mode !== 'ask') return says('allow', allowed, `'${allowed}' is allowed`)
    const reason =
      network.commands.default === 'deny' ? `the host '${wish}' is not allowed` : `it wants to reach \`${wish}\``
    const decision = network.commands.default === 'allow' && commands.mode === 'ask' ? 'ask' : network.commands.default
    return says(decision, 'network', reason)
  })
}

/** Judges the ports at which a command wants its servers to be reached. */
export function judgePorts({ commands: { mode }, network }: Policy, ports: readonly number[]): Judgement[] {
  if (ports.length > 0 && mode === 'plan')
    return [{ decision: 'deny', rule: 'mode', reason: 'in the mode `plan` nothing is served' }]
  return ports.map((port) => {
    const { allow, default: otherwise } = network.serve
    const decision = allow.includes(port) ? 'allow' : otherwise
    const reason =
      decision === 'deny' ? `the port ${port} is not allowed` : `it wants to be reached at the port \`${port}\``
    return { decision: decision === 'allow' && mode === 'ask' ? 'ask' : decision, rule: 'serve', reason }
  })
}

/**
 * What the owner gives these commands without their asking: only where each of them is one that a rule names, since what
 * one of them may reach all of them can. Going to a folder counts as none.
 */
export function standingGrants({ commands: { mode }, network }: Policy, commands: readonly ShellCommand[]): string[] {
  if (mode === 'plan' || mode === 'ask') return []
  const named = commands.filter(({ words }) => words[0] !== 'cd')
  const grants = named.map(({ words }) =>
    Object.entries(network.commands.standing).flatMap(([rule, hosts]) => (matches(rule, words) ? hosts : [])),
  )
  return grants.every((hosts) => hosts.length > 0) ? [...new Set(grants.flat())] : []
}

const isDenied = (rule: Rule | undefined, wish: Rule): boolean =>
  rule !== undefined &&
  (wish.port === undefined ? [80, 443] : [wish.port]).some((port) => denies(rule, wish.host, port))

const isCovered = (rule: Rule | undefined, wish: Rule, ports: readonly number[]): boolean =>
  rule !== undefined && covers(rule, wish, ports)
