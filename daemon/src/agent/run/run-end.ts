import type { RunStatus } from '@tandem/shared'
import type { Outcome, Parking } from '../../tasks/execute.ts'
import type { RunEnd } from '../loop/ports.ts'

export type Word = Partial<Omit<RunStatus, 'attempt' | 'startedAt'>>

/** How a run stands once its attempt has ended so; `now` in ms since the epoch. */
export function statusOf(end: RunEnd, signal: AbortSignal, now: number): Word {
  switch (end.end) {
    case 'done':
      return { state: 'done', endedAt: now }
    case 'failed':
      return { state: 'failed', code: end.code, reason: end.reason, endedAt: now }
    case 'stopped':
      return signal.reason === 'cancelled' ? { state: 'stopped', endedAt: now } : {}
    case 'parked':
      return 'until' in end
        ? { state: 'sleeping', reason: end.reason, until: end.until }
        : { state: 'waiting', reason: end.reason, code: codeOf(end.questions[0]?.action) }
    default:
      return end satisfies never
  }
}

/** A key that is missing is another thing to wait for than a yes. */
const codeOf = (action: string | undefined) => (action === 'key' ? 'needs-key' : 'needs-answer')

/** What is reported of an attempt that ended so: the waiting is relative, since no clocks are compared. */
export function outcomeOf(end: RunEnd, signal: AbortSignal, now: number): Outcome | Parking {
  switch (end.end) {
    case 'done':
      return { state: 'completed', result: {} }
    case 'failed':
      return { state: 'failed', result: { code: end.code.slice(0, 60), error: end.reason } }
    case 'stopped':
      return stoppedBy(signal)
    case 'parked': {
      const { reason } = end
      const waits =
        'until' in end
          ? { restMs: Math.min(Math.max(0, Math.ceil(end.until - now)), longestRestMs) }
          : { questions: [...end.questions] }
      return { state: 'parked', reason: reason.slice(0, 500), waits, result: {} }
    }
    default:
      return end satisfies never
  }
}

const longestRestMs = 366 * 86_400_000

/** Where only this process ends, the next one goes on. */
export const stoppedBy = (signal: AbortSignal): Outcome =>
  signal.reason === 'cancelled'
    ? { state: 'cancelled', result: {} }
    : { state: 'failed', result: { code: 'stopped', error: 'the daemon was stopped while it ran' } }
