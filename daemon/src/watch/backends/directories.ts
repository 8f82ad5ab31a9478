import { watch as systemWatch, type FSWatcher } from 'node:fs'
import { join } from 'node:path'
import { troubleOf, type Backend, type BackendOptions } from '../backend.ts'

/** Only what is asked of `fs.watch`, so that a test can refuse. */
type SystemWatch = (path: string, listener: (event: string, name: string | null) => void) => FSWatcher

/** One of the system's own watches a directory, see docs/adr/0012-one-watch-a-directory.md. */
export function watchDirectories(
  { root, onHint, onTrouble }: BackendOptions,
  watch: SystemWatch = (path, listener) => systemWatch(path, { persistent: true }, listener),
): Backend {
  const watchers = new Map<string, FSWatcher>()
  let refused: ReadonlySet<string> = new Set()
  const drop = (dir: string) => {
    watchers.get(dir)?.close()
    watchers.delete(dir)
  }
  /** A directory that went, or came anew under this name, takes along what was below it: those watches follow the old ones. */
  const dropBelow = (dir: string) => {
    if (!watchers.has(dir)) return
    for (const each of watchers.keys()) if (each === dir || each.startsWith(dir + '/')) drop(each)
  }
  const start = (dir: string) => {
    const watcher = watch(join(root, dir), (event, name) => {
      if (name === null) return onHint(dir)
      const path = dir === '' ? name : `${dir}/${name}`
      if (event === 'rename') dropBelow(path)
      onHint(path)
    })
    watcher.on('error', () => drop(dir))
    watchers.set(dir, watcher)
  }
  return {
    add: (dirs) => {
      const [again, fresh]: [Set<string>, string[]] = [new Set(), []]
      for (const dir of [...dirs, ...refused]) {
        if (watchers.has(dir)) continue
        // After one no, every other would be another: a system call each for nothing.
        if (again.size > 0) again.add(dir)
        else {
          try {
            start(dir)
            fresh.push(dir)
          } catch (e) {
            // Gone meanwhile: the directory above tells. Not readable: the scan says so.
            if (troubleOf(e).kind === 'limit') again.add(dir)
          }
        }
      }
      const before = refused.size
      refused = again
      if (again.size > 0)
        onTrouble({ kind: 'limit', reason: `${watchers.size} directories are watched, ${again.size} are not` })
      else if (before > 0) onTrouble(undefined)
      return fresh
    },
    ready: async () => {},
    close: async () => {
      for (const watcher of watchers.values()) watcher.close()
      watchers.clear()
    },
  }
}
