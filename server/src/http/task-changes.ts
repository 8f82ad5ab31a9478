import { createId, isTerminal, type Id, type Task } from '@tandem/shared'
import type { Records } from '@tandem/shared/docs'

/** Which tasks changed since somebody last looked, by numbers that grow for as long as this server runs. */
export type TaskChanges = {
  /** Names this life of the server: numbers of another say nothing. */
  life: Id
  /** The number of the newest change. */
  head(): number
  /** Whether all that changed since that number can be told. */
  knows(since: number): boolean
  /** At most `limit` tasks that changed since, each once, the one that changed longest ago first, with their numbers. */
  since(since: number, limit: number): { id: string; n: number; task: Task | undefined }[]
  /** All that are not over. */
  underWay(): Task[]
}

/** So many tasks that went are remembered. */
const keptGone = 10_000

/** Nothing is done as tasks change: what did is found when somebody asks. */
export function createTaskChanges(tasks: Records<Task>): TaskChanges {
  let seen = tasks.snapshot()
  let n = 0
  let from = 0
  /** By task the number of its last change, in the order of these numbers. */
  const changed = new Map<string, number>()
  const note = (id: string) => {
    changed.delete(id)
    changed.set(id, ++n)
  }
  const look = () => {
    const now = tasks.snapshot()
    if (now === seen) return
    for (const [id, task] of now) if (seen.get(id) !== task) note(id)
    for (const id of seen.keys()) if (!now.has(id)) note(id)
    seen = now
    for (const [id, at] of changed) {
      if (changed.size <= now.size + keptGone) break
      changed.delete(id)
      from = at
    }
  }
  return {
    life: createId(),
    head: () => (look(), n),
    knows: (since) => since >= from && since <= n,
    since: (since, limit) => {
      look()
      const out: ReturnType<TaskChanges['since']> = []
      for (const [id, at] of changed) {
        if (at > since) out.push({ id, n: at, task: seen.get(id) })
        if (out.length === limit) break
      }
      return out
    },
    underWay: () => [...seen.values()].filter(({ state }) => !isTerminal(state)),
  }
}
