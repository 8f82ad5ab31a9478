import { wait, type Clock, type Log, type Settings } from '@tandem/shared'
import type { History } from '../history/history.ts'

const dayMs = 24 * 3_600_000

type Deps = {
  history: Pick<History, 'thin'>
  settings: Pick<Settings, 'thinAfterDays' | 'forgetAfterDays'>
  clock: Clock
  log: Log
}

/**
 * Thins the past at the start and once a day, as the settings say; without them every version is kept. What was done
 * within the last day always is. Settles when the signal aborted and nothing is being thinned any more.
 */
export async function runRetention({ history, settings, clock, log }: Deps, signal: AbortSignal): Promise<void> {
  const { thinAfterDays, forgetAfterDays } = settings
  if (thinAfterDays === undefined && forgetAfterDays === undefined) return
  const before = (days: number | undefined) => (days === undefined ? 0 : clock.now() - Math.max(days, 1) * dayMs)
  while (!signal.aborted) {
    try {
      const older = { thinBefore: before(thinAfterDays), forgetBefore: before(forgetAfterDays) }
      log.info('the past was thinned', { ...older, entries: await history.thin(older, signal) })
      await wait(clock, dayMs, signal)
    } catch (error) {
      if (signal.aborted) return
      log.error('the past was not thinned', { error })
      await wait(clock, dayMs, signal).catch(() => {
        // Aborted: the loop ends.
      })
    }
  }
}
