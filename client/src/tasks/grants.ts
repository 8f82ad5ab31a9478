import { visibleText, type Id } from '@tandem/shared'
import type { Approval } from '@tandem/shared/docs'
import type { Mirror } from '../session/mirrors.ts'
import { laterTime } from '../ui/exact-time.ts'

/** How far a yes may reach that somebody gives on the page. */
export const scopes = ['once', 'session', 'workspace'] as const
export type Scope = (typeof scopes)[number]

/** The same for one call that a run of the agent wants to make; and for whether a run may go on at all. */
export const callScopes = ['once', 'run', 'workspace'] as const
export type AnyScope = Scope | (typeof callScopes)[number]

/** A yes for a session ends with it, and after this long at the latest, ms. */
const sessionLifeMs = 7 * 24 * 3_600_000

export type Grant = Approval & { scope: 'session' | 'workspace' }

/**
 * What runs without being asked about, because somebody said yes for longer than one task; the newest first. A yes for a
 * session is left out where all daemons are known to be in another by now.
 */
export function standingGrants(approvals: Iterable<Approval>, mirrors: readonly Mirror[], now: number): Grant[] {
  const boots = mirrors.map(({ bootId }) => bootId)
  const holds = ({ scope, bootId, decidedAt = now }: Approval) =>
    scope === 'workspace' ||
    (scope === 'session' && now - decidedAt <= sessionLifeMs && (boots.includes(bootId) || boots.includes(undefined)))
  return [...approvals]
    .filter((a): a is Grant => a.state === 'approved' && holds(a))
    .toSorted((a, b) => (b.decidedAt ?? 0) - (a.decidedAt ?? 0))
}

/** Until when a yes holds: "until the daemon on laptop starts anew, at the latest Saturday 28 November at 14:03". */
export function untilWords({ scope, bootId, decidedAt }: Approval, mirrors: readonly Mirror[], now: number): string {
  if (scope !== 'session') return 'until it is taken back'
  const latest =
    decidedAt === undefined ? 'a week at most' : `at the latest ${laterTime(decidedAt + sessionLifeMs, now)}`
  return `until ${daemonOf(bootId, mirrors)} starts anew, ${latest}`
}

/** The machine whose daemon asked, as it is named in a sentence. */
export function daemonOf(bootId: Id | undefined, mirrors: readonly Mirror[]): string {
  const on = mirrors.find((each) => each.bootId !== undefined && each.bootId === bootId)
  return on ? `the daemon on ${on.name}` : 'its daemon'
}

/** How far a yes reaches, in words; nothing for one task. */
export const reach = { once: '', run: 'for this run', session: 'for the session', workspace: 'for the workspace' }

/** What somebody answered, and how far it reaches: "Mira allowed it, for the session". */
export function answerWords({ state, scope = 'once', byName }: Approval): string | undefined {
  const who = visibleText(byName ?? 'somebody')
  if (state === 'approved') return [`${who} allowed it`, reach[scope]].filter(Boolean).join(', ')
  if (state === 'rejected') return `${who} denied it`
  return state === 'revoked' ? `it was allowed for longer, until ${who} took that back` : undefined
}
