import { byQueueOrder, isFor, type Id, type Task } from '@tandem/shared'

type Me = { daemonId: Id; capabilities: readonly string[] }

/** The queued tasks that this daemon may run, in the order in which it claims them. */
export const claimable = (tasks: Iterable<Task>, me: Me, now: number): Task[] =>
  [...tasks].filter((t) => t.state === 'queued' && isForMe(t, me)).toSorted(byQueueOrder(now))

export const isForMe = (task: Task, { daemonId, capabilities }: Me): boolean =>
  isFor(task, { id: daemonId, capabilities })
