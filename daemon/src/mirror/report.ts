import type { Log } from '@tandem/shared'
import { cachedView, type MirrorState, type View } from '@tandem/shared/docs'

type Progress = Pick<MirrorState, 'phase' | 'done' | 'total'>

/** How the mirror stands, for people. */
export type Report = {
  readonly state: View<MirrorState>
  isLive(): boolean
  tell(progress: Progress): void
  /** The same, for whoever shows counts. */
  refresh(): void
  hidden(countByReason: ReadonlyMap<string, number>): void
  /** Why nothing is done until a person has looked; undefined while all is well. */
  halted(): string | undefined
  halt(reason: string, error?: unknown): void
  /** True where it had been halted. */
  resume(): boolean
}

type ReportOptions = { files: () => number; conflicts: () => Readonly<MirrorState['conflicts']>; log: Log }

export function createReport({ files, conflicts, log }: ReportOptions): Report {
  let progress: Progress = { phase: 'starting' }
  let halted: string | undefined
  let hidden: MirrorState['hidden'] = []
  let changed = () => {}
  const state = cachedView<MirrorState>(
    () => ({
      ...(halted === undefined ? progress : { phase: 'halted' as const, reason: halted }),
      files: files(),
      hidden,
      conflicts: [...conflicts()],
      alerts: [],
    }),
    (call) => (changed = call),
  )
  return {
    state,
    isLive: () => progress.phase === 'live',
    tell: (next) => {
      progress = next
      changed()
    },
    refresh: () => changed(),
    hidden: (countByReason) => {
      hidden = [...countByReason].map(([reason, count]) => ({ reason, count })).toSorted((a, b) => b.count - a.count)
      changed()
    },
    halted: () => halted,
    halt: (reason, error) => {
      if (halted === reason) return
      halted = reason
      log.error('mirror halted', { reason, error })
      changed()
    },
    resume: () => {
      if (halted === undefined) return false
      halted = undefined
      log.info('mirror resumed')
      changed()
      return true
    },
  }
}
