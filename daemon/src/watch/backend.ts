import type { Settings } from '@tandem/shared'

/** The ways of being told that something changed; `settings.watcher` chooses one. */
export type BackendName = Settings['watcher']

/** Why not all is watched: the system has no more watches to give, or the watcher itself does not work. */
export type Trouble = { kind: 'limit' | 'broken'; reason: string }

/** One way of being told. What it says are hints, which may come late, twice or never. */
export type Backend = {
  /**
   * Watches what lies in these directories, relative to the root, beside those it watches; not what is below. One that
   * is not there is passed over. Answers those that it did not watch before.
   */
  add(dirs: readonly string[]): string[]
  /** Resolves once it tells of all that was added at first. */
  ready(): Promise<void>
  close(): Promise<void>
}

export type BackendOptions = {
  root: string
  /** A path, relative to the root, at which to look; the directory itself where the name is not known. */
  onHint: (path: string) => void
  /** Not all is watched, or (undefined) all is again. */
  onTrouble: (trouble: Trouble | undefined) => void
}

/** Never shared, and often the greater part of a folder: who watches a folder as a whole need not watch these. */
export const neverWatched: ReadonlySet<string> = new Set([
  'node_modules',
  '.git/objects',
  '.git/modules',
  '.git/logs',
  '.git/refs',
  '.git/lfs',
  '.tandem/trash',
  '.tandem/conflicts',
])

/** Takes a directory and what is below it out of the set. */
export function forgetBelow(dirs: Set<string>, dir: string): void {
  if (!dirs.has(dir)) return
  for (const each of dirs) if (each === dir || each.startsWith(dir + '/')) dirs.delete(each)
}

/** Whether an error means that the system has no more watches: too many of them, or too many open files. */
const isLimit = (e: unknown): boolean =>
  e instanceof Error &&
  (('code' in e && (e.code === 'ENOSPC' || e.code === 'EMFILE')) || /No space left/.test(e.message))

export const troubleOf = (e: unknown): Trouble => ({
  kind: isLimit(e) ? 'limit' : 'broken',
  reason: e instanceof Error ? e.message : String(e),
})
