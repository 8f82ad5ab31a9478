import { isFor, type Id, type Pass, type Task } from '@tandem/shared'
import type { DaemonPresence } from '@tandem/shared/docs'
import type { RefereePorts } from './ports.ts'
import type { TaskEvent } from './transitions.ts'

type Around = {
  daemons: Iterable<DaemonPresence>
  /** Which boot of a daemon speaks now; undefined where it has not said so yet. */
  bootOf(daemonId: Id): Id | undefined
  now: number
  /** Who is gone for no longer may be back. */
  backWithinMs: number
}

export const aroundOf = (
  { daemons, settings }: Pick<RefereePorts, 'daemons' | 'settings'>,
  sessions: ReadonlyMap<Id, { bootId: Id }>,
  now: number,
): Around => ({
  daemons: daemons.snapshot().values(),
  bootOf: (id) => sessions.get(id)?.bootId,
  now,
  backWithinMs: settings.leaseMs,
})

/**
 * What comes of a daemon's refusal: it is passed over as long as another could run the task and has not refused it; else
 * the task ends, with what each of them said. One that comes later would have to be asked for anew.
 */
export function onRefusal(task: Task, by: Pass, around: Around): TaskEvent {
  const passes = [...(task.passedBy ?? []).filter(({ daemonId }) => daemonId !== by.daemonId), by]
  return endOf(task, passes, around) ?? { t: 'pass', by }
}

/** The end of a task that waits, where all that could run it have refused it and the others are gone for good. */
export const whenAllRefused = (task: Task, around: Around): TaskEvent | undefined =>
  task.state === 'queued' && task.passedBy ? endOf(task, task.passedBy, around) : undefined

function endOf(
  task: Task,
  said: readonly Pass[],
  { daemons, bootOf, now, backWithinMs }: Around,
): TaskEvent | undefined {
  const passes = said.filter(({ daemonId, bootId }) => bootId === undefined || (bootOf(daemonId) ?? bootId) === bootId)
  const byDaemon = new Set(passes.map(({ daemonId }) => daemonId))
  const known = [...daemons]
  const isOpen = ({ id, connection, lastSeenAt, capabilities = task.requires }: DaemonPresence) =>
    (connection === 'online' || now - lastSeenAt < backWithinMs) &&
    isFor(task, { id, capabilities }) &&
    !byDaemon.has(id)
  // Where nobody is there it waits for somebody, as any other.
  const isThere = known.some(({ id, connection }) => connection === 'online' && byDaemon.has(id))
  const last = passes.at(-1)
  if (!last || !isThere || known.some(isOpen)) return undefined
  const isOne = passes.every(({ code }) => code === last.code)
  const error = passes.length === 1 ? last.reason : passes.map(({ name, reason }) => `${name}: ${reason}`).join('; ')
  return { t: 'refuse', result: { error: error.slice(0, 4_000), code: isOne ? last.code : 'refused' } }
}
