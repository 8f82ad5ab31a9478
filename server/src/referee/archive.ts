import type { Task } from '@tandem/shared'
import type { Board } from './board.ts'

/** Tasks that have ended leave the document after this long, ms, or when there are more of them than these. */
const keptMs = 30 * 24 * 3_600_000
export const keptEnded = 2_000
/** So many more are let come before the oldest go, so that they go many at a time. */
export const slack = 200

/** The tasks that go to the archive now: those that ended the longest ago, but none that another still waits for. */
export function thin(board: Board, now: number): Task[] {
  const ended = board.ended()
  const tooMany = ended.size > keptEnded + slack ? ended.size - keptEnded : 0
  const old: Task[] = []
  for (const id of ended) {
    const task = board.get(id)
    if (!task) continue
    if (old.length >= tooMany && now - (task.completedAt ?? now) <= keptMs) break
    if (board.dependents(id).length === 0) old.push(task)
  }
  return old
}
