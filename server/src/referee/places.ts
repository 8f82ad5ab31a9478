import { createId, inWords, type Task } from '@tandem/shared'
import { approvalLifeMs } from './approvals.ts'
import type { RefereePorts, Turn } from './ports.ts'
import type { Place } from './transitions.ts'

/**
 * What a task waits for first: its time, then what it depends on, then a person's yes, then its turn. What runs again by
 * itself was allowed once for all its tries.
 */
export function placeOf({ approvals }: RefereePorts, { board, now }: Turn, task: Task): Place {
  if (task.runAt !== undefined && task.runAt > now) {
    return { state: 'scheduled', reason: `starts in ${inWords(task.runAt - now)}` }
  }
  const open = (task.dependsOn ?? []).flatMap((id) => board.get(id) ?? []).filter(({ state }) => state !== 'completed')
  if (open.length > 0) return { state: 'blocked', reason: `waits for ${titles(open)}` }
  if (!task.gate || (task.retries ?? 0) > 0) return { state: 'queued' }
  const id = createId()
  const reason = 'whoever asked for it wants a person to say yes first'
  approvals.set(id, {
    id,
    subject: { task: task.id },
    action: task.payload.kind,
    summary: task.gate.summary,
    reason,
    // Of this yes alone: what a daemon's policy asks is bound to the hash of what would be run.
    argsHash: `gate:${task.id}`,
    risk: 'medium',
    state: 'pending',
    createdAt: now,
    expiresAt: now + approvalLifeMs,
  })
  return { state: 'awaiting_approval', reason, approvalId: id }
}

const titles = (tasks: readonly Task[]): string =>
  tasks
    .slice(0, 3)
    .map(({ title }) => `‘${title}’`)
    .join(', ') + (tasks.length > 3 ? ` and ${tasks.length - 3} more` : '')
