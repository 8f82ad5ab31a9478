import type { Clock, Id } from '@tandem/shared'
import type { Ops } from '@tandem/shared/docs'

/** Who was away for longer comes back with nothing under way that is being made here as well. */
const awayMs = 24 * 60 * 60 * 1000

/** Whether another daemon has the workspace in a folder too: it is there, or was not long ago and may be back any moment. */
export function hasOthers(daemons: Ops['daemons'], own: Id, clock: Clock): boolean {
  for (const { id, connection, lastSeenAt } of daemons.snapshot().values())
    if (id !== own && (connection === 'online' || clock.now() - lastSeenAt < awayMs)) return true
  return false
}
