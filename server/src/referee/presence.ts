import type { FromDaemon, Id } from '@tandem/shared'
import type { DaemonPresence } from '@tandem/shared/docs'
import type { RefereePorts } from './ports.ts'

/** Writes what is known of a daemon. Never a hot field: only what changed, and then when it was seen. */
export function setPresence({ daemons, clock }: RefereePorts, id: Id, facts: Partial<DaemonPresence>): void {
  const known = daemons.get(id)
  const { lastSeenAt: _, connectedAt: _at, ...news } = facts
  const isNews = Object.entries(news).some(
    ([key, value]) => JSON.stringify(known?.[key as keyof DaemonPresence]) !== JSON.stringify(value),
  )
  if (known && !isNews) return
  daemons.set(id, { name: 'daemon', lastSeenAt: clock.now(), connection: 'offline', ...known, ...facts, id })
}

/**
 * Puts into the audit how far the walls around a daemon's commands hold, in the name of whose daemon it is: where that is
 * not what it was, and with each start without any.
 */
export function auditWalls(
  { daemons, ownerOf, audit }: RefereePorts,
  id: Id,
  { bootId, sandbox }: Extract<FromDaemon, { t: 'hello' }>,
): void {
  const known = daemons.get(id)
  if (sandbox === undefined) return
  if (sandbox === known?.sandbox && (sandbox !== 'unsafe' || bootId === known.bootId)) return
  const details = { ...(known?.sandbox && { from: known.sandbox }), to: sandbox, bootId }
  audit({ actor: ownerOf(id) ?? id, action: 'daemon.sandbox', object: id, details })
}
