import { isHeld, whyAllFull, whyKeyFull, type Id, type Task } from '@tandem/shared'
import type { Board } from './board.ts'
import type { DaemonSession } from './leases.ts'

type Question = {
  task: Task | undefined
  session: DaemonSession | undefined
  daemonId: Id
  isDraining: boolean
  board: Board
  mono: number
  unseenMs: number
}

/**
 * Why this daemon may not have this task now, in words; undefined where it may. The order of the queue is the daemon's
 * to keep (`byQueueOrder`): it alone knows which tasks it can run, and it claims them in that order.
 */
export function whyNoGrant(question: Question): string | undefined {
  const { task, session, daemonId, isDraining, board, mono, unseenMs } = question
  if (!task) return 'there is no such task'
  if (task.state !== 'queued') return `the task is ${task.state}`
  if (task.target && task.target.daemonId !== daemonId) return 'the task is meant for another daemon'
  if (!session) return 'say hello first'
  if (mono - session.heardAt > unseenMs) return 'the daemon has not said hello lately'
  if (isDraining) return 'the daemon was asked to begin nothing more'
  // One that does not say what it can is taken at its word: it claims what it can run.
  const missing = task.requires.filter((each) => session.capabilities?.includes(each) === false)
  if (missing.length > 0) return `the daemon lacks what the task needs: ${missing.join(', ')}`
  // Also those that it is cancelling, or out of reach with.
  if (board.heldBy(daemonId).length >= session.slots) return 'all slots are in use'
  return undefined
}

/** Why there is no room for one more such task in the workspace now, in words; undefined where there is. */
export function whyNoRoom({ concurrency }: Task, board: Board, maxRunning: number): string | undefined {
  const full = whyAllFull(maxRunning, board.held().length)
  if (full !== undefined || !concurrency) return full
  const running = board.withKey(concurrency.key).filter(({ state }) => isHeld(state)).length
  return whyKeyFull(concurrency, running)
}
