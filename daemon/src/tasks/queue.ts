import type { Id, Task } from '@tandem/shared'

const ageingMs = 60_000

type Me = { daemonId: Id; capabilities: readonly string[] }

/**
 * The queued tasks this daemon may run, in the order in which it claims them: higher priority first, then older, then
 * the lower id (S107). Each minute of waiting counts as one step of priority, so that nothing starves (S109).
 */
export function claimable(tasks: Iterable<Task>, me: Me, now: number): Task[] {
  const rank = (t: Task) => t.priority + Math.floor(Math.max(0, now - (t.queuedAt ?? t.createdAt)) / ageingMs)
  return [...tasks]
    .filter((t) => t.state === 'queued' && isForMe(t, me))
    .toSorted((a, b) => rank(b) - rank(a) || a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
}

/** Whether a task is for this daemon: not meant for another, and with what it needs. */
export const isForMe = ({ target, requires }: Task, { daemonId, capabilities }: Me): boolean =>
  (!target || target.daemonId === daemonId) && requires.every((r) => capabilities.includes(r))
