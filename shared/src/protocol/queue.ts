import type { Id } from '../base/ids.ts'
import { inWords } from '../base/in-words.ts'
import { isHeld, isTerminal, type Concurrency, type Task } from './task.ts'

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

/** Why no more may run with this key, where `running` do, in words; undefined where one may. */
export const whyKeyFull = ({ key, limit }: Concurrency, running: number): string | undefined =>
  running < limit ? undefined : `${running} of ${limit} with the key ${key} run already`

/** Why no more may run in the workspace, where `running` do of as many as may, in words; undefined where one may. */
export const whyAllFull = (maxRunning: number, running: number): string | undefined =>
  running < maxRunning ? undefined : `this workspace runs as many tasks as it may: ${running}`

export type Waiting = {
  /** In words, for a person. */
  reason: string
  /** How many of the queue come before it; only where it waits for its turn. */
  ahead?: number
}

/** Why a task does not run yet, in words; undefined where it does, or has ended. `maxRunning`: so many may in the workspace. */
export function whyWaiting(
  task: Task,
  tasks: ReadonlyMap<string, Task>,
  workers: readonly Worker[],
  now: number,
  maxRunning = Infinity,
): Waiting | undefined {
  if (isTerminal(task.state) || isHeld(task.state)) return undefined
  if (task.state === 'scheduled' && task.runAt !== undefined) {
    const verb = (task.retries ?? 0) > 0 ? 'runs again' : 'starts'
    return { reason: task.runAt > now ? `${verb} in ${inWords(task.runAt - now)}` : `${verb} now` }
  }
  if (task.state !== 'queued') return { reason: task.reason ?? inGeneral[task.state] ?? task.state }
  const able = workers.filter((worker) => isFor(task, worker))
  if (able.length === 0) return { reason: whyNobody(task, workers) }
  const { passedBy = [] } = task
  const passed = passedBy.map(({ name, reason }) => `; ${name} refused it: ${reason}`).join('')
  const willing = able.filter(({ id }) => !passedBy.some(({ daemonId }) => daemonId === id))
  if (willing.length === 0) return { reason: passed.slice(2) }
  const online = willing.filter(({ isOnline }) => isOnline)
  if (online.length === 0)
    return { reason: `${listed(willing)} ${willing.length === 1 ? 'is' : 'are'} offline${passed}` }
  // One without any slot drains by itself, or stops.
  const open = online.filter(({ isDraining, slots }) => !isDraining && slots > 0)
  if (open.length === 0)
    return { reason: `${listed(online)} begin${online.length === 1 ? 's' : ''} nothing more${passed}` }
  const { held, heldByDaemon, heldByKey, places } = standing(tasks, now)
  const ahead = places.get(task.id) ?? 0
  const { concurrency } = task
  const full =
    whyAllFull(maxRunning, held) ?? (concurrency && whyKeyFull(concurrency, heldByKey.get(concurrency.key) ?? 0))
  if (full !== undefined) return { reason: full, ahead }
  const isFree = open.some(({ id, slots }) => (heldByDaemon.get(id) ?? 0) < slots)
  if (!isFree) return { reason: `all slots of ${listed(open)} are in use${passed}`, ahead }
  return { reason: ahead > 0 ? 'it is about to have its turn' : 'it is about to start', ahead }
}

/** For a record that says nothing itself. */
const inGeneral: Partial<Record<Task['state'], string>> = {
  scheduled: 'it starts at its time',
  blocked: 'it waits for other tasks',
  awaiting_approval: 'it waits for a person to say yes',
}

function whyNobody({ target, requires }: Task, workers: readonly Worker[]): string {
  if (workers.length === 0) return 'no daemon has joined this workspace yet'
  if (!target) return `no daemon has all that it needs: ${requires.join(', ')}`
  const meant = workers.find(({ id }) => id === target.daemonId)
  if (!meant) return 'it is meant for a daemon that was never here'
  const missing = requires.filter((each) => !meant.capabilities.includes(each))
  return `it is meant for ${meant.name}, which lacks what it needs: ${missing.join(', ')}`
}

type Standing = {
  now: number
  held: number
  heldByDaemon: ReadonlyMap<Id, number>
  heldByKey: ReadonlyMap<string, number>
  /** How many come before each queued task. */
  places: ReadonlyMap<Id, number>
}
/** Of the tasks as last asked for, good for a second: a whole list asks for each of its rows. */
const standingByTasks = new WeakMap<ReadonlyMap<string, Task>, Standing>()

function standing(tasks: ReadonlyMap<string, Task>, now: number): Standing {
  const known = standingByTasks.get(tasks)
  if (known && Math.abs(now - known.now) < 1_000) return known
  const heldByDaemon = new Map<Id, number>()
  const heldByKey = new Map<string, number>()
  const queue: Task[] = []
  let held = 0
  const count = <K>(counts: Map<K, number>, key: K | undefined) => {
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  for (const task of tasks.values()) {
    if (task.state === 'queued') queue.push(task)
    if (!isHeld(task.state)) continue
    held += 1
    count(heldByDaemon, task.lease?.daemonId)
    count(heldByKey, task.concurrency?.key)
  }
  const places = new Map(queue.toSorted(byQueueOrder(now)).map(({ id }, i) => [id, i]))
  const fresh = { now, held, heldByDaemon, heldByKey, places }
  standingByTasks.set(tasks, fresh)
  return fresh
}

const listed = (workers: readonly Worker[]): string =>
  workers
    .slice(0, 3)
    .map(({ name }) => name)
    .join(', ') + (workers.length > 3 ? ` and ${workers.length - 3} more` : '')
