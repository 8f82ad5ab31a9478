import { isHeld, isTerminal, type Id, type Task } from '@tandem/shared'
import type { Records } from '@tandem/shared/docs'

/**
 * The tasks as the referee looks at them: by what it asks for, so that no question costs more because of what has ended
 * long ago. It alone writes the document, and reads here also what it wrote in the same turn.
 */
export type Board = {
  get(id: Id): Task | undefined
  /** Writes the record. */
  put(task: Task): void
  /** Takes the record out of the document. */
  drop(id: Id): void
  /** Those that nobody has begun. */
  waiting(): Task[]
  /** Those that a daemon holds. */
  held(): Task[]
  heldBy(daemonId: Id): Task[]
  /** Those with this concurrency key that have not ended. */
  withKey(key: string): Task[]
  /** Those that wait and name this one in `dependsOn`. */
  dependents(id: Id): Task[]
  /** The task that this person or program made with that idempotency key. */
  madeWith(by: Id, idempotencyKey: string): Task | undefined
  /** Ids of those that have ended, the longest ago first. */
  ended(): ReadonlySet<Id>
  /** Those whose time has come: to start, or to have been begun by. */
  due(now: number): Task[]
}

/** When the clock alone brings something about for a task that nobody has begun; undefined for never. */
const dueAt = ({ state, runAt, queuedAt, queueTtlMs }: Task): number | undefined => {
  if (state === 'scheduled') return runAt ?? 0
  return state === 'queued' && queueTtlMs !== undefined && queuedAt !== undefined ? queuedAt + queueTtlMs : undefined
}

export function openBoard(records: Records<Task>): Board {
  const byId = new Map<Id, Task>()
  const [waiting, held] = [new Map<Id, Task>(), new Map<Id, Task>()]
  const ended = new Set<Id>()
  const idsByDaemon = createGroups()
  const idsByKey = createGroups()
  const dependentsById = createGroups()
  const idByIdempotencyKey = new Map<string, Id>()
  const dueAtById = new Map<Id, number>()
  /** No task is due before this. */
  let quietUntil = Infinity

  const forget = (task: Task) => {
    const { id, lease, concurrency, dependsOn = [] } = task
    for (const place of [byId, waiting, held, ended, dueAtById]) place.delete(id)
    if (lease) idsByDaemon.remove(lease.daemonId, id)
    if (concurrency) idsByKey.remove(concurrency.key, id)
    for (const other of dependsOn) dependentsById.remove(other, id)
    const named = nameOf(task)
    if (named !== undefined && idByIdempotencyKey.get(named) === id) idByIdempotencyKey.delete(named)
  }
  const learn = (task: Task) => {
    const { id, state, lease, concurrency, dependsOn = [] } = task
    byId.set(id, task)
    const named = nameOf(task)
    if (named !== undefined && !idByIdempotencyKey.has(named)) idByIdempotencyKey.set(named, id)
    if (isTerminal(state)) return ended.add(id)
    if (concurrency) idsByKey.add(concurrency.key, id)
    if (isHeld(state)) {
      held.set(id, task)
      if (lease) idsByDaemon.add(lease.daemonId, id)
      return
    }
    waiting.set(id, task)
    for (const other of dependsOn) dependentsById.add(other, id)
    const at = dueAt(task)
    if (at === undefined) return
    dueAtById.set(id, at)
    quietUntil = Math.min(quietUntil, at)
  }
  const all = (ids: Iterable<Id>): Task[] => [...ids].flatMap((id) => byId.get(id) ?? [])

  const known = [...records.snapshot().values()]
  for (const task of known.toSorted((a, b) => (a.completedAt ?? 0) - (b.completedAt ?? 0))) learn(task)

  return {
    get: (id) => byId.get(id),
    put: (task) => {
      records.set(task.id, task)
      const before = byId.get(task.id)
      if (before) forget(before)
      learn(task)
    },
    drop: (id) => {
      records.remove(id)
      const before = byId.get(id)
      if (before) forget(before)
    },
    waiting: () => [...waiting.values()],
    held: () => [...held.values()],
    heldBy: (daemonId) => all(idsByDaemon.of(daemonId)),
    withKey: (key) => all(idsByKey.of(key)),
    dependents: (id) => all(dependentsById.of(id)),
    madeWith: (by, key) => byId.get(idByIdempotencyKey.get(`${by} ${key}`) ?? ''),
    ended: () => ended,
    due: (now) => {
      if (now < quietUntil) return []
      const ids = [...dueAtById].flatMap(([id, at]) => (at <= now ? [id] : []))
      // Those that are due stay so until they have changed: their turn may fail.
      if (ids.length === 0) quietUntil = Math.min(Infinity, ...dueAtById.values())
      return all(ids)
    },
  }
}

const nameOf = ({ createdBy, idempotencyKey }: Task): string | undefined =>
  idempotencyKey === undefined ? undefined : `${createdBy} ${idempotencyKey}`

/** Ids by what they have in common; a group that is empty is forgotten. */
function createGroups() {
  const groups = new Map<string, Set<Id>>()
  return {
    of: (name: string): Iterable<Id> => groups.get(name) ?? [],
    add: (name: string, id: Id) => {
      const group = groups.get(name) ?? new Set()
      groups.set(name, group.add(id))
    },
    remove: (name: string, id: Id) => {
      const group = groups.get(name)
      group?.delete(id)
      if (group?.size === 0) groups.delete(name)
    },
  }
}
