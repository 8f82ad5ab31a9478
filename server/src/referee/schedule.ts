import { type Id, isHeld, type Task } from '@tandem/shared'
import type { DaemonSession } from './leases.ts'

type Question = {
  task: Task | undefined
  session: DaemonSession | undefined
  daemonId: Id
  tasks: Iterable<Task>
  now: number
  unseenMs: number
}

/**
 * Why this daemon may not have this task now, in words; undefined where it may. The order of the queue is the daemon's
 * to keep (`byQueueOrder`): it alone knows which tasks it can run, and it claims them in that order.
 */
export function whyNoGrant({ task, session, daemonId, tasks, now, unseenMs }: Question): string | undefined {
  if (!task) return 'there is no such task'
  if (task.state !== 'queued') return `the task is ${task.state}`
  if (task.target && task.target.daemonId !== daemonId) return 'the task is meant for another daemon'
  if (!session) return 'say hello first'
  if (now - session.seenAt > unseenMs) return 'the daemon has not said hello lately'
  if (slotsInUse(daemonId, tasks) >= session.slots) return 'all slots are in use'
  return undefined
}

/** How many attempts a daemon holds: also those it is cancelling, or out of reach with. */
export function slotsInUse(daemonId: Id, tasks: Iterable<Task>): number {
  let used = 0
  for (const task of tasks) if (task.lease?.daemonId === daemonId && isHeld(task.state)) used++
  return used
}
