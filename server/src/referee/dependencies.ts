import { Id, isTerminal, type Task } from '@tandem/shared'
import type { Request } from '@tandem/shared/docs'
import type { Board } from './board.ts'

/** Why one that depends on this task will not be run. */
export const endedOtherwise = ({ title, state }: Task): string =>
  `it depends on ‘${title}’, which ${state === 'timed_out' ? 'timed out' : state === 'failed' ? 'failed' : `was ${state}`}`

/** The first of these tasks that ended otherwise than it had to; undefined where there is none. */
export const endedBadly = (board: Board, ids: readonly Id[] = []): Task | undefined =>
  ids.flatMap((id) => board.get(id) ?? []).find(({ state }) => isTerminal(state) && state !== 'completed')

/** Why a task may not be run once more by hand, for what it depends on, in words; undefined where it may. */
export function whyNotAgain(board: Board, { dependsOn = [], attempt }: Task): string | undefined {
  const bad = endedBadly(board, dependsOn)
  if (bad) return endedOtherwise(bad)
  // What it waited for when it ran is long over; one that never ran may have been dropped because of it.
  const isGone = attempt === 0 && dependsOn.some((id) => !board.get(id))
  return isGone ? 'a task it depends on ended so long ago that it is in the archive: ask for both anew' : undefined
}

export type InOrder = {
  ids: Id[]
  /** New tasks that wait for each other, or for themselves: none of them could ever start. */
  circular: ReadonlySet<Id>
}

/** Requests by id, so that the oldest comes first; but what a new task depends on comes before it, whatever its id. */
export function inDependencyOrder(requests: ReadonlyMap<string, Request>): InOrder {
  const ids = new Set<Id>()
  const circular = new Set<Id>()
  const path: Id[] = []
  const visit = (id: Id): void => {
    if (ids.has(id)) return
    const since = path.indexOf(id)
    if (since >= 0) {
      for (const each of path.slice(since)) circular.add(each)
      return
    }
    path.push(id)
    const body = requests.get(id)?.body
    if (body?.kind === 'create') for (const other of body.task.dependsOn ?? []) if (requests.has(other)) visit(other)
    path.pop()
    ids.add(id)
  }
  for (const id of [...requests.keys()].filter((key) => Id.safeParse(key).success).toSorted()) visit(id)
  return { ids: [...ids], circular }
}
