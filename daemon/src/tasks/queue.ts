import { byQueueOrder, isFor, isHeld, whyKeyFull, type Id, type Task } from '@tandem/shared'

type Me = { daemonId: Id; capabilities: readonly string[] }

/**
 * The queued tasks that this daemon may run, in the order in which it claims them. Of one concurrency key only as many as
 * there is room for: a queue of hundreds would else be asked for in vain each time that one of them ends.
 */
export function claimable(tasks: Iterable<Task>, me: Me, now: number): Task[] {
  const [queue, running]: [Task[], Map<string, number>] = [[], new Map()]
  const count = (key: string) => running.set(key, (running.get(key) ?? 0) + 1)
  for (const task of tasks) {
    if (task.state === 'queued' && isForMe(task, me)) queue.push(task)
    else if (task.concurrency && isHeld(task.state)) count(task.concurrency.key)
  }
  return queue.toSorted(byQueueOrder(now)).filter(({ concurrency }) => {
    if (!concurrency) return true
    if (whyKeyFull(concurrency, running.get(concurrency.key) ?? 0) !== undefined) return false
    count(concurrency.key)
    return true
  })
}

export const isForMe = (task: Task, { daemonId, capabilities }: Me): boolean =>
  isFor(task, { id: daemonId, capabilities })
