import type { Id } from '../base/ids.ts'
import { isHeld, isTerminal, type Task } from './task.ts'

/** Each minute of waiting counts as one step of priority, so that nothing starves (S109). */
const ageingMs = 60_000

/** Higher first: the priority a task has by now. */
export const rank = (task: Task, now: number): number =>
  task.priority + Math.floor(Math.max(0, now - (task.queuedAt ?? task.createdAt)) / ageingMs)

/** The order of the queue: higher rank first, then older, then the lower id (S107). */
export const byQueueOrder =
  (now: number) =>
  (a: Task, b: Task): number =>
    rank(b, now) - rank(a, now) || a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)

/** What is known of a daemon that may run tasks. */
export type Worker = {
  id: Id
  name: string
  isOnline: boolean
  isDraining: boolean
  slots: number
  capabilities: readonly string[]
}

/** Whether a task is for this daemon: not meant for another, and with what it needs. */
export const isFor = ({ target, requires }: Task, { id, capabilities }: Pick<Worker, 'id' | 'capabilities'>): boolean =>
  (!target || target.daemonId === id) && requires.every((each) => capabilities.includes(each))

export type Waiting = {
  /** In words, for a person. */
  reason: string
  /** How many of the queue come before it; only where it waits for its turn. */
  ahead?: number
}

/** Why a task does not run yet, in words; undefined where it does, or has ended. */
export function whyWaiting(
  task: Task,
  tasks: ReadonlyMap<string, Task>,
  workers: readonly Worker[],
  now: number,
): Waiting | undefined {
  if (isTerminal(task.state) || isHeld(task.state)) return undefined
  if (task.state !== 'queued') return { reason: task.reason ?? task.state }
  const able = workers.filter((worker) => isFor(task, worker))
  const { target, requires, concurrency } = task
  if (able.length === 0) {
    const name = workers.find(({ id }) => id === target?.daemonId)?.name
    if (target) return { reason: `it is meant for ${name ?? 'a daemon that was never here'}, which cannot run it` }
    if (workers.length === 0) return { reason: 'no daemon has joined this workspace yet' }
    return { reason: `no daemon has all that it needs: ${requires.join(', ')}` }
  }
  const online = able.filter(({ isOnline }) => isOnline)
  if (online.length === 0) return { reason: `${listed(able)} ${able.length === 1 ? 'is' : 'are'} offline` }
  const open = online.filter(({ isDraining }) => !isDraining)
  if (open.length === 0) return { reason: `${listed(online)} begin${online.length === 1 ? 's' : ''} nothing more` }
  const all = [...tasks.values()]
  if (concurrency) {
    const running = all.filter((each) => isHeld(each.state) && each.concurrency?.key === concurrency.key).length
    if (running >= concurrency.limit)
      return { reason: `${running} of ${concurrency.limit} with the key ${concurrency.key} run already` }
  }
  const order = byQueueOrder(now)
  const ahead = all.filter((each) => each.state === 'queued' && each.id !== task.id && order(each, task) < 0).length
  const isFree = open.some(
    ({ id, slots }) => all.filter((t) => isHeld(t.state) && t.lease?.daemonId === id).length < slots,
  )
  if (!isFree) return { reason: `all slots of ${listed(open)} are in use`, ahead }
  return { reason: ahead > 0 ? 'it is about to have its turn' : 'it is about to start', ahead }
}

const listed = (workers: readonly Worker[]): string =>
  workers
    .slice(0, 3)
    .map(({ name }) => name)
    .join(', ') + (workers.length > 3 ? ` and ${workers.length - 3} more` : '')
