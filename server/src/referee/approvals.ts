import { type FromDaemon, type Id, type Task } from '@tandem/shared'
import type { Approval } from '@tandem/shared/docs'
import { mayJudge } from './leases.ts'
import { goOn } from './parks.ts'
import type { RefereePorts, Turn } from './ports.ts'
import { keepMs, pose } from './questions.ts'

type Ask = Extract<FromDaemon, { t: 'ask' }>
type By = { id: Id; name: string }

/**
 * A daemon's policy wants a person to decide: the task waits, and holds no slot meanwhile. A question is bound to the
 * exact arguments (`argsHash`): what was approved for others is not approved.
 */
export function ask(
  ports: RefereePorts,
  turn: Turn,
  daemonId: Id,
  question: Ask,
  session: { bootId: Id } | undefined,
): void {
  const task = turn.board.get(question.task)
  if (task?.state !== 'queued' || !mayJudge(task, daemonId)) return
  if (isApproved(ports.approvals.get(task.approvalId ?? ''), question.argsHash)) return
  const { argsHash, summary, reason, risk } = question
  const about = { subject: { task: task.id }, action: task.payload.kind, argsHash, summary, reason, risk }
  const approvalId = pose(ports, turn, { ...about, ...(session && { bootId: session.bootId }) })
  turn.change(task, { t: 'ask', approvalId, reason }, daemonId)
}

/** A person's answer; false where the question is no longer open. */
export function decide(
  ports: RefereePorts,
  turn: Turn,
  by: By,
  answer: { approval: Id; yes: boolean; scope?: Approval['scope']; comment?: string | undefined },
): boolean {
  const { approvals } = ports
  const open = approvals.get(answer.approval)
  if (open?.state !== 'pending') return false
  approvals.set(open.id, {
    ...open,
    state: answer.yes ? 'approved' : 'rejected',
    ...(answer.scope ? { scope: answer.scope } : {}),
    ...(answer.comment ? { comment: answer.comment } : {}),
    by: by.id,
    byName: by.name,
    decidedAt: turn.now,
  })
  if (open.subject.call !== undefined) {
    goOn(ports, turn, [open])
    return true
  }
  const task = turn.board.get(open.subject.task)
  if (!task || task.approvalId !== open.id) return true
  const reason = `${by.name} said no${answer.comment ? `: ${answer.comment}` : ''}`
  turn.change(task, answer.yes ? { t: 'approve' } : { t: 'reject', reason }, by.id)
  return true
}

/** Takes back a yes that reached further than its task; false where there is none. What was begun by it goes on. */
export function revoke({ approvals, audit }: RefereePorts, turn: Turn, by: By, approval: Id): boolean {
  const given = approvals.get(approval)
  if (given === undefined || !isRemembered(given)) return false
  approvals.set(given.id, { ...given, state: 'revoked', by: by.id, byName: by.name, decidedAt: turn.now })
  audit({ actor: by.id, action: 'approval.revoke', object: given.id, details: { summary: given.summary } })
  return true
}

/** Ends the questions of a task that is no longer waiting (cancelled), and those nobody answered in time. */
export function expire(ports: RefereePorts, turn: Turn): void {
  const { approvals, workspaceId } = ports
  const over = [...approvals.snapshot().values()].filter((a) => isOver(a, turn.board.get(a.subject.task), turn.now))
  for (const open of over) {
    approvals.set(open.id, { ...open, state: 'expired', decidedAt: turn.now })
    if (open.state !== 'pending' || open.subject.call !== undefined) continue
    const task = turn.board.get(open.subject.task)
    const minutes = Math.round((open.expiresAt - open.createdAt) / 60_000)
    const reason = `nobody approved it within ${minutes} minutes`
    if (task?.approvalId === open.id) turn.change(task, { t: 'reject', reason }, workspaceId)
  }
  // Nobody's answer is one too: whoever asked about a call goes on without it.
  goOn(
    ports,
    turn,
    over.filter(({ state, subject }) => state === 'pending' && subject.call !== undefined),
  )
}

/** Whether an open question has outlived its time or its task, or a yes for a daemon's session its week. */
export const isOver = (a: Approval, task: Task | undefined, now: number): boolean =>
  a.state === 'pending'
    ? now >= a.expiresAt || task?.state !== 'awaiting_approval' || !isAsked(task, a)
    : a.state === 'approved' && a.scope === 'session' && now - (a.decidedAt ?? now) > keepMs

/** Whether it is what this task waits for, or one of the calls of its last attempt. */
const isAsked = (task: Task, { id, subject }: Approval): boolean =>
  subject.call === undefined ? task.approvalId === id : task.attempt === subject.attempt

const isRemembered = ({ state, scope }: Approval): boolean =>
  state === 'approved' && (scope === 'session' || scope === 'workspace')

const isApproved = (a: Approval | undefined, argsHash: string): boolean =>
  a?.state === 'approved' && a.argsHash === argsHash
