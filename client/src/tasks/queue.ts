import { isHeld, isTerminal, whyWaiting, type Task, type Worker } from '@tandem/shared'
import type { DaemonPresence } from '@tandem/shared/docs'

/** As many as a daemon runs at once where it has not said. */
const usualSlots = 3

/** What is known of the daemons, as the queue's words need it. */
export const workersOf = (daemons: ReadonlyMap<string, DaemonPresence>): readonly Worker[] =>
  [...daemons.values()].map(({ id, name, connection, slots = usualSlots, capabilities = [], draining = false }) => ({
    id,
    name,
    isOnline: connection === 'online',
    isDraining: draining,
    slots,
    capabilities,
  }))

/**
 * Why a task does not run yet, and its place in the queue: "All slots of laptop are in use. 3 come before it."
 * `maxRunning`: so many may run in the workspace, as far as that is known.
 */
export function waitWords(
  task: Task,
  tasks: ReadonlyMap<string, Task>,
  workers: readonly Worker[],
  now: number,
  maxRunning?: number,
): { reason: string; place: string | undefined } | undefined {
  if (isTerminal(task.state) || isHeld(task.state)) return undefined
  // What is asked stands on its card, and may be longer than a line.
  if (task.state === 'awaiting_approval') return { reason: 'It waits for somebody to allow it.', place: undefined }
  const waiting = whyWaiting(task, tasks, workers, now, maxRunning)
  if (!waiting) return undefined
  const { reason, ahead } = waiting
  return { reason: sentence(reason), place: ahead === undefined ? undefined : placeWords(ahead) }
}

const placeWords = (ahead: number): string =>
  ahead === 0 ? 'next in the queue' : ahead === 1 ? '1 comes before it' : `${ahead} come before it`

const sentence = (words: string) => {
  const begun = `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`
  return /[.!?]$/.test(begun) ? begun : `${begun}.`
}
