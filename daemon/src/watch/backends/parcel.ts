import { subscribe } from '@parcel/watcher'
import { relative } from 'node:path'
import { forgetBelow, neverWatched, troubleOf, type Backend, type BackendOptions } from '../backend.ts'

/** By @parcel/watcher, which watches the folder as a whole, in a thread of its own; whoever asked for less passes over the rest. */
export function watchByParcel({ root, onHint, onTrouble }: BackendOptions): Backend {
  const held = new Set<string>()
  const tell = (e: unknown) => onTrouble(troubleOf(e))
  const subscription = subscribe(
    root,
    (error, events) => {
      if (error) return tell(error)
      for (const { type, path: at } of events) {
        const path = relative(root, at)
        if (type === 'delete') forgetBelow(held, path)
        onHint(path)
      }
    },
    { ignore: [...neverWatched].flatMap((name) => (name.includes('/') ? name : [name, `**/${name}`])) },
  )
  return {
    // It watches all there is from the beginning.
    add: (dirs) => {
      const fresh = dirs.filter((dir) => !held.has(dir))
      for (const dir of fresh) held.add(dir)
      return fresh
    },
    ready: async () => void (await subscription.catch(tell)),
    close: async () => {
      const it = await subscription.catch(() => undefined)
      await it?.unsubscribe()
    },
  }
}
