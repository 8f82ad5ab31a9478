import type { Clock } from '@tandem/shared'
import type { FileTree } from './ports.ts'
import { createScratch } from './scratch.ts'

/** A session that nobody has used for so long is forgotten, and beyond so many the one not used for longest. */
const idleMs = 30 * 60_000
const maxSessions = 32

/** The scratch files of each session [S162] [S221]; without a name they are of one execution alone. */
export function createSessions(clock: Clock): { scratchOf(session: string | undefined): FileTree } {
  const held = new Map<string, { scratch: FileTree; cancel(): void }>()
  const forget = (name: string) => {
    held.get(name)?.cancel()
    held.delete(name)
  }
  return {
    scratchOf: (name) => {
      if (name === undefined) return createScratch()
      const scratch = held.get(name)?.scratch ?? createScratch()
      forget(name)
      const oldest = held.size >= maxSessions ? held.keys().next().value : undefined
      if (oldest !== undefined) forget(oldest)
      // Again at the end: those at the beginning were not used for longest.
      held.set(name, { scratch, cancel: clock.after(idleMs, () => forget(name)) })
      return scratch
    },
  }
}
