import { plainText, type TaskState } from '@tandem/shared'

/** A state in the word that the page has for it. */
export const stateWords: Readonly<Record<TaskState, string>> = {
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

/** What others called a task, in one line that does nothing to a terminal. */
export const nameLine = (title: string): string => plainText(title).replaceAll(/\s+/g, ' ')
