import { messageOf, type Clock, type Id, type Log } from '@tandem/shared'
import { createLanes, type Locks } from './locks.ts'
import type { Hint } from './text/settle-content.ts'
import { codeOf } from '../disk/stat.ts'

export type Jobs = {
  /** Has a file settled; hints given before the work begins are joined. */
  add(id: Id, hint?: Hint): void
  /** As `add`, but not sooner than 75 ms after the last time. */
  addCalmly(id: Id, hint: Hint): void
  /** As `add`, a moment later: something else has to happen first. */
  later(id: Id): void
  /** How many files wait or are at work; those that wait to be tried again after a failure are not counted. */
  pending(): number
  /** Which these are. */
  pendingIds(): Iterable<Id>
  /** Files that keep failing, and why. */
  failing(): ReadonlyMap<Id, string>
}

type Failure = {
  times: number
  why: string
  /** What of it is still to be done. */
  hint: Hint
  /** Calls off the next try; undefined once that has begun. */
  cancel: (() => void) | undefined
}

type JobsOptions = {
  work: (id: Id, hint: Hint) => Promise<void>
  /** What may take long, such as large content on its way: others do not wait for it. */
  isHeavy: (id: Id) => boolean
  locks: Locks
  clock: Clock
  log: Log
  signal: AbortSignal
  /** Called after each one. */
  onDone: (id: Id) => void
}

const laterMs = 20
/** A file that others type in is written at once, and then at most this often. */
const restMs = 75
const lanes = 16
const heavyLanes = 4

/** Settles files, several at once, each alone; a failing one (disk full, no permission) is tried again by itself. */
export function createJobs({ work, isHeavy, locks, clock, log, signal, onDone }: JobsOptions): Jobs {
  const [run, runHeavy] = [createLanes(lanes), createLanes(heavyLanes)]
  const hints = new Map<Id, Hint>()
  const waiting = new Set<Id>()
  const failures = new Map<Id, Failure>()
  const calmUntil = new Map<Id, number>()
  /** How many times each file waits or is at work. */
  const pending = new Map<Id, number>()
  const count = (id: Id, by: 1 | -1) => {
    const times = (pending.get(id) ?? 0) + by
    if (times > 0) pending.set(id, times)
    else pending.delete(id)
  }

  const start = async (id: Id): Promise<void> => {
    const failed = failures.get(id)
    const given = hints.get(id) ?? {}
    // A lesser look that succeeds has not done what failed before.
    const hint = failed ? joined(failed.hint, given) : given
    hints.delete(id)
    if (signal.aborted) return
    try {
      await work(id, hint)
      failed?.cancel?.()
      failures.delete(id)
    } catch (e) {
      if (signal.aborted) return
      // By the next try its text may be another.
      const next: Hint = { ...hint, moved: true }
      delete next.remote
      const failure: Failure = failed ?? { times: 0, why: '', hint: next, cancel: undefined }
      failures.set(id, Object.assign(failure, { why: messageOf(e), hint: next }))
      // One try is waited for, and not longer for being asked in between.
      if (failure.cancel) return
      const ms = Math.min(30_000, 500 * 2 ** ++failure.times)
      const level = failure.times === 1 ? 'warn' : 'debug'
      log[level]('mirror file failed', { file: id, code: codeOf(e), error: e, retryMs: ms })
      failure.cancel = clock.after(ms, () => {
        failure.cancel = undefined
        jobs.add(id, failure.hint)
      })
    }
  }
  const jobs: Jobs = {
    add: (id, hint = {}) => {
      const queued = hints.get(id)
      hints.set(id, queued ? joined(queued, hint) : hint)
      if (queued) return
      count(id, 1)
      void (isHeavy(id) ? runHeavy : run)(() => locks.run(id, () => start(id))).finally(() => {
        count(id, -1)
        onDone(id)
      })
    },
    addCalmly: (id, hint) => {
      const due = calmUntil.get(id) ?? 0
      // One is on its way already.
      if (due > clock.now() + restMs) return
      const wait = due - clock.now()
      calmUntil.set(id, Math.max(clock.now(), due) + restMs)
      if (wait <= 0) return jobs.add(id, hint)
      count(id, 1)
      clock.after(wait, () => {
        count(id, -1)
        if (signal.aborted) onDone(id)
        else jobs.add(id, hint)
      })
    },
    later: (id) => {
      if (waiting.has(id)) return
      waiting.add(id)
      count(id, 1)
      clock.after(laterMs, () => {
        waiting.delete(id)
        count(id, -1)
        if (signal.aborted) onDone(id)
        else jobs.add(id, { moved: true })
      })
    },
    pending: () => pending.size,
    pendingIds: () => pending.keys(),
    failing: () => new Map([...failures].map(([id, { why }]) => [id, why])),
  }
  return jobs
}

/** Two changes of one file with different causes have none that is known; of a text that may have moved since it was read, nothing is. */
function joined(a: Hint, b: Hint): Hint {
  const differ = 'task' in a && 'task' in b && a.task !== b.task
  const both: Hint = { ...a, ...b, ...(differ && { task: undefined }) }
  if ([a, b].some(({ moved, remote }) => moved && !remote)) delete both.remote
  return both
}
