import { createId, isTerminal, type Id } from '@tandem/shared'
import type { Approval } from '@tandem/shared/docs'
import type { RefereePorts, Turn } from './ports.ts'

/** How long a question waits for its answer [S271]. */
export const approvalLifeMs = 600_000
/** So long a question that was answered is kept, ms, and longer where its task is still under way. */
export const keepMs = 7 * 24 * 3_600_000

type Question = Pick<Approval, 'subject' | 'action' | 'summary' | 'reason' | 'argsHash' | 'risk' | 'bootId'>

/** Whoever asked about this task does so no more. What was answered in this very turn is not to be passed here. */
export function endQuestions({ approvals }: Pick<RefereePorts, 'approvals'>, now: number, task: Id): void {
  for (const open of [...approvals.snapshot().values()])
    if (open.state === 'pending' && open.subject.task === task)
      approvals.set(open.id, { ...open, state: 'expired', decidedAt: now })
}

/** Puts a question to people, and returns its id. Those answered long ago are dropped meanwhile, but not what holds for the workspace. */
export function pose({ approvals }: RefereePorts, { now, board }: Turn, question: Question): Id {
  const isOld = ({ state, scope, subject, decidedAt = now }: Approval) =>
    state !== 'pending' &&
    !(state === 'approved' && scope === 'workspace') &&
    now - decidedAt > keepMs &&
    isTerminal(board.get(subject.task)?.state ?? 'completed')
  for (const old of [...approvals.snapshot().values()].filter(isOld)) approvals.remove(old.id)
  const id = createId()
  const times = { createdAt: now, expiresAt: now + approvalLifeMs }
  approvals.set(id, { ...question, id, state: 'pending', ...times })
  return id
}
