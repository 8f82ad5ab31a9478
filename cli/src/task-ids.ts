import { Id, TandemError } from '@tandem/shared'
import { everyTask, type Listed } from './task-pages.ts'
import type { TaskServer } from './task-server.ts'
import { nameLine } from './task-words.ts'

const leastLength = 4
/** An ending is looked for among so many of the newest: who means an older task writes its id in full. */
const lookedAt = 10_000
const mostNamed = 5

/**
 * Finds the id that is meant: written in full, or by its last characters, 4 at least. (The first ones are the time, which
 * tasks share.) Throws `not-found` where there is none, and where there are several, with which.
 */
export function createIdFinder(server: TaskServer): (given: string) => Promise<Id> {
  let newest: Promise<readonly Listed[]> | undefined
  const refuse = (reason: string): never => {
    throw new TandemError('not-found', { reason })
  }
  return async (given) => {
    const ending = given.toUpperCase()
    if (Id.safeParse(ending).success) return ending
    if (ending.length < leastLength) return refuse(`at least the last ${leastLength} characters of an id are needed`)
    const found = (await (newest ??= everyTask(server, '', lookedAt))).filter(({ id }) => id.endsWith(ending))
    const [task] = found
    if (task === undefined) return refuse('there is no such task')
    if (found.length === 1) return task.id
    const named = found.slice(0, mostNamed).map(({ id, title }) => `${id} (${nameLine(title)})`)
    const more = found.length > mostNamed ? ` and ${found.length - mostNamed} more` : ''
    return refuse(`that is the ending of several: ${named.join(', ')}${more}; write more of it`)
  }
}
