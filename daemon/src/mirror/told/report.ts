import type { Clock, Log } from '@tandem/shared'
import { cachedView, type MirrorQuestion, type MirrorState, type View } from '@tandem/shared/docs'
import { createAlerts, type Alerts } from './alerts.ts'
import type { LastScan } from './status-file.ts'

/** What is done to files on the way to being the same on both sides. */
export type Work = 'seeding' | 'importing' | 'exporting'

/** How the mirror stands, for people. */
export type Report = {
  readonly state: View<MirrorState>
  /** Says it until it is cleared; the same kind at the same path is one, however often it is told. */
  alert: Alerts['raise']
  /** It has passed: at this path, or without a path everywhere. */
  clear: Alerts['clear']
  /** Whether folder and documents were the same once. */
  isLive(): boolean
  scanning(): void
  /**
   * So many files are to be worked on; the call that is returned says how many of these are done. Work of one kind adds
   * up until all is at rest, so that what is shown only grows; a little work after the first time is not shown at all.
   */
  begin(work: Work, files: number): (done: number) => void
  /** All is at rest: whatever was under way is done. */
  rest(): void
  /** Bytes of large files on their way; undefined once there are none. */
  bytes(progress: MirrorState['bytes']): void
  watcher(kind: MirrorState['watcher']): void
  /** The same, for whoever shows counts. */
  refresh(): void
  /** The whole folder was looked at, which began at `at`. */
  scanned(found: Found, at: number): void
  lastScan(): LastScan | undefined
  /** Why nothing is done until a person has looked; undefined while all is well. */
  halted(): string | undefined
  /** With a question, where an answer helps. */
  halt(reason: string, because?: { question?: MirrorQuestion; error?: unknown }): void
  /** True where it had been halted. */
  resume(): boolean
}

type Found = { files: { size: number }; dirs: { length: number }; hidden: ReadonlyMap<string, number> }

type ReportOptions = {
  files: () => number
  conflicts: () => Readonly<MirrorState['conflicts']>
  clock: Clock
  log: Log
}

/** After the first time, work on more files than this is shown. */
const bulk = 50

export function createReport({ files, conflicts, clock, log }: ReportOptions): Report {
  let phase: MirrorState['phase'] = 'starting'
  let isLive = false
  let underWay = new Map<Work, { done: number; total: number }>()
  let halted: { reason: string; question?: MirrorQuestion | undefined } | undefined
  let facts: Pick<MirrorState, 'hidden' | 'bytes' | 'watcher'> = { hidden: [] }
  let scan: LastScan | undefined
  let changed = () => {}
  const learn = (more: Partial<typeof facts>) => {
    facts = { ...facts, ...more }
    changed()
  }
  const alerts = createAlerts(clock, () => changed())
  const progress = (): Pick<MirrorState, 'phase' | 'done' | 'total' | 'reason' | 'question'> => {
    if (halted) return { phase: 'halted', ...halted }
    return { phase, ...underWay.get(phase as Work) }
  }
  const state = cachedView<MirrorState>(
    () => ({ ...progress(), ...facts, files: files(), conflicts: [...conflicts()], alerts: alerts.list() }),
    (call) => (changed = call),
  )
  return {
    state,
    alert: alerts.raise,
    clear: alerts.clear,
    isLive: () => isLive,
    scanning: () => {
      phase = 'scanning'
      changed()
    },
    begin: (work, count) => {
      if (count === 0) return () => {}
      const sum = underWay.get(work) ?? { done: 0, total: 0 }
      underWay.set(work, sum)
      sum.total += count
      let before = 0
      const show = () => {
        if (isLive && sum.total <= bulk) return
        phase = work
        changed()
      }
      show()
      return (done) => {
        sum.done += done - before
        before = done
        show()
      }
    },
    rest: () => {
      underWay = new Map()
      phase = 'live'
      isLive = true
      changed()
    },
    bytes: (bytes) => learn({ bytes }),
    watcher: (watcher) => learn({ watcher }),
    refresh: () => changed(),
    scanned: ({ files: all, dirs, hidden }, at) => {
      scan = { at, ms: clock.now() - at, files: all.size, dirs: dirs.length }
      const counts = [...hidden].map(([reason, count]) => ({ reason, count }))
      learn({ hidden: counts.toSorted((a, b) => b.count - a.count) })
    },
    lastScan: () => scan,
    halted: () => halted?.reason,
    halt: (reason, { question, error } = {}) => {
      if (halted?.reason === reason && halted.question?.id === question?.id) return
      halted = { reason, question }
      log.error('mirror halted', { reason, error })
      changed()
    },
    resume: () => {
      if (halted === undefined) return false
      halted = undefined
      phase = 'scanning'
      log.info('mirror resumed')
      changed()
      return true
    },
  }
}
