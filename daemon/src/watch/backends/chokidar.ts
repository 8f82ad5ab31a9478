import { watch } from 'chokidar'
import { basename, relative } from 'node:path'
import { forgetBelow, neverWatched, troubleOf, type Backend, type BackendOptions } from '../backend.ts'

/** By chokidar, which finds its way through the folder by itself; whoever asked for less passes over the rest. */
export function watchByChokidar({ root, onHint, onTrouble }: BackendOptions): Backend {
  const held = new Set<string>()
  const ready = Promise.withResolvers<void>()
  const watcher = watch(root, {
    persistent: true,
    ignoreInitial: true,
    followSymlinks: false,
    // What is only on its way is looked at by the mirror, which knows better when a file is whole.
    atomic: false,
    ignored: (path) => neverWatched.has(basename(path)) || neverWatched.has(relative(root, path)),
  })
  watcher.once('ready', ready.resolve)
  watcher.on('all', (event, at) => {
    const path = relative(root, at)
    if (event === 'unlinkDir') forgetBelow(held, path)
    onHint(path)
  })
  watcher.on('error', (e) => onTrouble(troubleOf(e)))
  return {
    add: (dirs) => {
      const fresh = dirs.filter((dir) => !held.has(dir))
      for (const dir of fresh) held.add(dir)
      return fresh
    },
    ready: () => ready.promise,
    close: () => watcher.close(),
  }
}
