import { inWords, type Task } from '@tandem/shared'
import type { RefereePorts, Turn } from './ports.ts'
import { pose } from './questions.ts'
import type { Place } from './transitions.ts'

/**
 * What a task waits for first: its time, then what it depends on, then a person's yes, then its turn. What runs again by
 * itself, or goes on after a rest, was allowed once for all its attempts.
 */
export function placeOf(ports: RefereePorts, turn: Turn, task: Task): Place {
  const { board, now } = turn
  if (task.runAt !== undefined && task.runAt > now) {
    return { state: 'scheduled', reason: `starts in ${inWords(task.runAt - now)}` }
  }
  const open = (task.dependsOn ?? []).flatMap((id) => board.get(id) ?? []).filter(({ state }) => state !== 'completed')
  if (open.length > 0) return { state: 'blocked', reason: `waits for ${titles(open)}` }
  const goesOn = (task.retries ?? 0) > 0 || task.attempts.at(-1)?.outcome === 'parked'
  if (!task.gate || goesOn) return { state: 'queued' }
  const reason = 'whoever asked for it wants a person to say yes first'
  // Of this yes alone: what a daemon's policy asks is bound to the hash of what would be run.
  const argsHash = `gate:${task.id}`
  const { summary } = task.gate
  const subject = { task: task.id }
  const question = { subject, action: task.payload.kind, summary, reason, argsHash, risk: 'medium' as const }
  return { state: 'awaiting_approval', reason, approvalId: pose(ports, turn, question) }
}

const titles = (tasks: readonly Task[]): string =>
  tasks
    .slice(0, 3)
    .map(({ title }) => `‘${title}’`)
    .join(', ') + (tasks.length > 3 ? ` and ${tasks.length - 3} more` : '')
