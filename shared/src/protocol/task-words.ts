import type { AttemptOutcome } from './task.ts'

/** A state, or how an attempt ended, in a word for people: the same in the page and in a terminal. */
export const taskStateWords: Readonly<Record<AttemptOutcome, string>> = {
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
  parked: 'paused',
}
