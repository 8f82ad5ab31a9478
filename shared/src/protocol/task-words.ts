import type { TaskState } from './task.ts'

/** A state in a word for people: the same in the page and in a terminal. */
export const taskStateWords: Readonly<Record<TaskState, string>> = {
  scheduled: 'scheduled',
  blocked: 'blocked',
  awaiting_approval: 'needs approval',
  queued: 'queued',
  leased: 'starting',
  running: 'running',
  cancelling: 'stopping',
  disconnected: 'daemon away',
  completed: 'passed',
  failed: 'failed',
  timed_out: 'timed out',
  cancelled: 'cancelled',
  lost: 'lost',
}
