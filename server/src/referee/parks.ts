import { inWords, type FromDaemon, type Id } from '@tandem/shared'
import type { Approval } from '@tandem/shared/docs'
import type { RefereePorts, Turn } from './ports.ts'
import { pose } from './questions.ts'
import type { TaskEvent } from './transitions.ts'

type Park = Extract<FromDaemon, { t: 'park' }>

/**
 * What an attempt that ended early stands for: the task waits for people, each of them asked about one call, or for its
 * time; where its end was asked for meanwhile it ends. `bootId` is the session of the daemon that asks.
 */
export function parkingOf(
  ports: RefereePorts,
  turn: Turn,
  { task: id, attempt, reason, waits, result }: Park,
  bootId: Id | undefined,
): TaskEvent {
  if (turn.board.get(id)?.cancel) return { t: 'end', state: 'cancelled', result }
  if ('restMs' in waits) {
    const why = `${reason} (goes on in ${inWords(waits.restMs)})`
    return { t: 'park', to: { state: 'scheduled', reason: why }, runAt: turn.now + waits.restMs, result }
  }
  const [approvalId = ''] = waits.questions.map(({ call, ...question }) =>
    pose(ports, turn, { ...question, subject: { task: id, attempt, call }, ...(bootId && { bootId }) }),
  )
  return { t: 'park', to: { state: 'awaiting_approval', reason, approvalId }, result }
}

/** Another attempt goes on with a task once nothing that its last one asked is open. `answered` are those of this turn. */
export function goOn({ approvals, workspaceId }: RefereePorts, turn: Turn, answered: readonly Approval[]): void {
  const isOpen = ({ id, state }: Approval) => state === 'pending' && answered.every((each) => each.id !== id)
  for (const id of new Set(answered.map(({ subject }) => subject.task))) {
    const task = turn.board.get(id)
    const asked = [...approvals.snapshot().values()].filter(({ subject }) => isOf(subject, id, task?.attempt))
    if (task && asked.length > 0 && !asked.some(isOpen)) turn.change(task, { t: 'resume' }, workspaceId)
  }
}

const isOf = ({ task, attempt, call }: Approval['subject'], id: Id, last: number | undefined): boolean =>
  task === id && call !== undefined && attempt === last
