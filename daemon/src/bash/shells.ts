import type { Clock } from '@tandem/shared'
import type { VirtualShell } from './shell.ts'

/** A shell that nobody has used for so long is forgotten, and beyond so many the one not used for longest. */
const idleMs = 30 * 60_000
const maxShells = 32

/** The shell of each session [S216]; without a name there is one for a single use. */
export function createShells(create: (session: string | undefined) => VirtualShell, clock: Clock) {
  const held = new Map<string, { shell: VirtualShell; cancel(): void }>()
  const forget = (name: string) => {
    held.get(name)?.cancel()
    held.get(name)?.shell.close()
    held.delete(name)
  }
  return {
    /** Uses the shell of a session; one without a name is closed after it. */
    use: async <T>(name: string | undefined, work: (shell: VirtualShell) => Promise<T>): Promise<T> => {
      const shell = (name === undefined ? undefined : held.get(name)?.shell) ?? create(name)
      if (name === undefined) return work(shell).finally(shell.close)
      held.get(name)?.cancel()
      held.delete(name)
      const oldest = held.size >= maxShells ? held.keys().next().value : undefined
      if (oldest !== undefined) forget(oldest)
      const keep = { shell, cancel: () => {} }
      // Again at the end: those at the beginning were not used for longest.
      held.set(name, keep)
      try {
        return await work(shell)
      } finally {
        if (held.get(name) === keep) keep.cancel = clock.after(idleMs, () => forget(name))
      }
    },
    close: () => [...held.keys()].forEach(forget),
  }
}
