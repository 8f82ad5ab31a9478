import type { Log } from '../base/log.ts'

/**
 * A long suite (kills, soaks, big fuzz) is a file `<name>.long.ts` in any package that exports one of these as default.
 * `pnpm test:long` runs it and leaves a proof: what ran, over which sources, with which seed.
 */
export interface LongSuite {
  /** The same as the file's name. */
  name: string
  /** Globs of the sources whose change makes the proof stale. */
  covers: readonly string[]
  /** Rejects when the promise is broken; a failing seed then becomes a permanent fast test. */
  run(options: { seed: number; log: Log; signal: AbortSignal }): Promise<Record<string, number>>
}
