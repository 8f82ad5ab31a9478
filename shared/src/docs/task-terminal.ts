import type * as Y from 'yjs'
import { z } from 'zod'
import { Id } from '../base/ids.ts'
import { TerminalSize } from '../protocol/task.ts'
import { cachedView, type View } from './view.ts'

/** Who drives a terminal, in which session of theirs, and the size that it has: without one, that which it began with. */
export const TerminalDrive = z.object({ by: Id, session: Id, size: TerminalSize.optional() })
export type TerminalDrive = z.infer<typeof TerminalDrive>

export type TaskTerminal = View<TerminalDrive | undefined> & { set(drive: TerminalDrive): void }

/** What the daemon says of an attempt's terminal, in the document of its output: in order with what is written there. */
export function openTaskTerminal(doc: Y.Doc): TaskTerminal {
  const map = doc.getMap<unknown>('terminal')
  return {
    // A peer may be hostile: what does not parse is not shown.
    ...cachedView(
      () => TerminalDrive.safeParse(map.get('drive')).data,
      (changed) => map.observe(changed),
    ),
    set: (drive) => void map.set('drive', drive),
  }
}
