import type { createCursor } from './memory/cursor.ts'
import type { Due } from './due.ts'
import type { Workspace } from './ports.ts'
import type { Texts } from './text/texts.ts'

type FollowingOptions = {
  workspace: Workspace
  texts: Pick<Texts, 'isOpen'>
  cursor: ReturnType<typeof createCursor>
  due: Due
  poke(): void
  signal: AbortSignal
}

/** Hears of what moves on the server: from the index, the connection and the feed. */
export function createFollowing({ workspace, texts, cursor, due, poke, signal }: FollowingOptions) {
  const awaited = () => {
    for (const id of cursor.takeAwaited()) due.moved.add(id)
  }
  return {
    /** Hears of the index and the connection; answers what ends that. */
    subscribe: (): (() => void)[] => {
      let wasReady = workspace.ready.snapshot()
      return [
        workspace.files.subscribe(() => {
          due.index = true
          poke()
        }),
        workspace.ready.subscribe(() => {
          // Told at each acknowledgement too: only a connection that is new is worth a look at everything.
          if (workspace.ready.snapshot() && !wasReady) [due.scan, due.index] = [true, true]
          if (!workspace.ready.snapshot() && wasReady) awaited()
          wasReady = workspace.ready.snapshot()
          poke()
        }),
      ]
    },
    /** Hears of texts, until the signal. */
    run: async (): Promise<void> => {
      for await (const { cursor: at, id } of workspace.feed(cursor.heard(), signal)) {
        cursor.hear(at)
        // Without an entry nobody can have meant it yet: when the entry comes, the text is read. One that is open hears of it
        // by itself, but not through a connection that is lost, or after the end.
        if (id === undefined || !workspace.files.get(id)) continue
        if (texts.isOpen(id) && workspace.ready.snapshot()) {
          cursor.await(id)
          continue
        }
        due.moved.add(id)
        poke()
      }
    },
    /** Has all told again that was not dealt with when it was told; false where the server cannot be asked. */
    again: async (): Promise<boolean> => {
      const told = await workspace.movedSince(cursor.kept(), signal).catch(() => undefined)
      if (!told) return false
      for (const { id } of told) if (id !== undefined) due.moved.add(id)
      awaited()
      return true
    },
  }
}
