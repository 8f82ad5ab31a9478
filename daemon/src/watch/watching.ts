import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Backend, BackendName, BackendOptions, Trouble } from './backend.ts'
import { createGather, type Told } from './gather.ts'

// What runs in the thread that watches imports next to nothing, for memory's sake: the shared package alone would take
// another 60 MB there.

export type WatchingData = {
  root: string
  backend: BackendName
  /** Its own sign of life, see `pulse.ts`. */
  pulse: string
}
export type ToWatching =
  | { t: 'add'; dirs: readonly string[] }
  /** All that is there at first was added. */
  | { t: 'mark' }
  | { t: 'free' }
  | { t: 'close' }
export type FromWatching =
  /** It tells of all that was added before the mark. */
  | { t: 'ready' }
  | { t: 'told'; told: Told }
  | { t: 'pulse' }
  /** Why not all is watched that was asked for, or (undefined) that it is again. */
  | { t: 'trouble'; trouble: Trouble | undefined }

/** Loads a way of watching, and starts it; rejects where its package does not load. */
export const backends: Readonly<Record<BackendName, (options: BackendOptions) => Promise<Backend>>> = {
  directories: async (options) => (await import('./backends/directories.ts')).watchDirectories(options),
  chokidar: async (options) => (await import('./backends/chokidar.ts')).watchByChokidar(options),
  parcel: async (options) => (await import('./backends/parcel.ts')).watchByParcel(options),
}

/** In a directory that is watched from now on, something may have come to be just before. */
const youngMs = 10_000

/** Watches by the backend that is named, as told by messages; rejects where that does not load. Answers where to send them. */
export async function startWatching(
  { root, backend, pulse }: WatchingData,
  say: (message: FromWatching) => void,
): Promise<(message: ToWatching) => Promise<void>> {
  const dirs = new Set<string>()
  const own = dirname(pulse)
  const gather = createGather({
    tell: (told) => say({ t: 'told', told }),
    now: () => performance.now(),
    after: (ms, call) => setTimeout(call, ms),
  })
  const isYoung = (dir: string) => {
    const stat = statSync(join(root, dir), { throwIfNoEntry: false })
    return stat !== undefined && Date.now() - stat.mtimeMs < youngMs
  }
  let isMarked = false
  const watcher = await backends[backend]({
    root,
    onHint: (path) => {
      const parent = dirname(path)
      const dir = parent === '.' ? '' : parent
      if (path === pulse) say({ t: 'pulse' })
      // Some watch more than they were asked to.
      else if ((dirs.has(dir) && dir !== own) || path === '') gather.add(path)
    },
    onTrouble: (trouble) => say({ t: 'trouble', trouble }),
  })
  return async (message) => {
    if (message.t === 'free') return gather.free()
    if (message.t === 'add') {
      for (const dir of message.dirs) dirs.add(dir)
      const fresh = watcher.add(message.dirs)
      if (isMarked) for (const dir of fresh) if (dir !== own && isYoung(dir)) gather.add(dir)
      return
    }
    if (message.t === 'mark') {
      isMarked = true
      await watcher.ready()
      return say({ t: 'ready' })
    }
    await watcher.close()
  }
}
