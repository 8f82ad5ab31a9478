import type { Id } from '@tandem/shared'
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
