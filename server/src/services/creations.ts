import { createBuckets, type Clock, type Id, type Settings } from '@tandem/shared'

/** How often tasks may be created [S143]: by one person or program, with one key of theirs, and by all. */
export type Creations = {
  /** Why no more may be created now, in words; else counts it. */
  whyNot(by: Id): string | undefined
  /** How long to wait for the next, ms; 0 where it may be now. */
  waitMs(by: Id, key?: Id): number
  /** Counts one that was created with this key. */
  count(key: Id): void
}

type Limits = Pick<Settings, 'tasksPerMinute' | 'tasksPerMinuteOfKey' | 'tasksPerMinuteOfAll'>

export function createCreations(limits: Limits, clock: Clock): Creations {
  const byPerson = createBuckets({ perMinute: limits.tasksPerMinute, clock })
  const byKey = createBuckets({ perMinute: limits.tasksPerMinuteOfKey, clock })
  const byAll = createBuckets({ perMinute: limits.tasksPerMinuteOfAll, clock })
  return {
    whyNot: (by) => {
      if (byAll.look('') > 0) return `more than ${limits.tasksPerMinuteOfAll} tasks were created here within a minute`
      if (byPerson.take(by) > 0) return `more than ${limits.tasksPerMinute} tasks were created by one within a minute`
      byAll.take('')
      return undefined
    },
    waitMs: (by, key) => Math.max(byPerson.look(by), byAll.look(''), key === undefined ? 0 : byKey.look(key)),
    count: (key) => {
      byKey.take(key)
    },
  }
}
