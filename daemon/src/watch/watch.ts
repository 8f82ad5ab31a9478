import { watch, type FSWatcher } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '@tandem/shared'
import { codeOf } from '../disk/stat.ts'

/** Where something may have changed. Events are hints: they may be late, doubled or lost. */
export type Watch = {
  /** Watches one directory (not what is below it); a second call does nothing. */
  add(dir: string): void
  /** Whether every directory is watched; false once the system refused one (inotify's limit): then only scans tell. */
  complete(): boolean
  close(): void
}

type WatchOptions = {
  root: string
  /** A path, relative to the root, at which to look. */
  onHint: (path: string) => void
  log: Log
}

/**
 * Watches directories one by one with the system's own watcher. Measured on 10,000 files in 801 directories: ready in
 * 20 ms for 1 MB, where chokidar 6 took 1.2-2.9 s and 115 MB (it looks at every file once more and remembers them all,
 * as the mirror does already), and may hold back a directory's news for a second.
 */
export function watchDirectories({ root, onHint, log }: WatchOptions): Watch {
  const watchers = new Map<string, FSWatcher>()
  let refused = false
  const drop = (dir: string) => {
    watchers.get(dir)?.close()
    watchers.delete(dir)
  }
  return {
    add: (dir) => {
      if (watchers.has(dir)) return
      try {
        const watcher = watch(join(root, dir), { persistent: true }, (event, name) => {
          if (name === null) return onHint(dir)
          // A watched directory that is moved or removed tells so under its own name.
          onHint(dir === '' ? name : `${dir}/${name}`)
          if (event === 'rename') drop(dir === '' ? name : `${dir}/${name}`)
        })
        watcher.on('error', () => drop(dir))
        watchers.set(dir, watcher)
      } catch (e) {
        // ENOSPC and EMFILE: no more watches to be had. Gone meanwhile: its parent tells.
        if (!refused && (codeOf(e) === 'ENOSPC' || codeOf(e) === 'EMFILE')) {
          refused = true
          log.warn('mirror watches exhausted', { watched: watchers.size, hint: 'raise fs.inotify.max_user_watches' })
        }
      }
    },
    complete: () => !refused,
    close: () => {
      for (const watcher of watchers.values()) watcher.close()
      watchers.clear()
    },
  }
}
