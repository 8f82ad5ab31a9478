import type { Connection, Hocuspocus } from '@hocuspocus/server'
import { wait, type Clock, type Id, type Log, type Settings } from '@tandem/shared'
import type { Context } from './doors.ts'
import type { Idle } from './idle.ts'
import type { Socket } from './socket.ts'

type Deps = {
  sockets: ReadonlyMap<Id, Socket>
  idle: Idle
  engine: Hocuspocus<Context>
  settings: Pick<Settings, 'pingMs'>
  clock: Clock
  log: Log
}

/** How often every daemon is asked to say anew how it stands [S46]. */
const statusMs = 60_000

/**
 * One heartbeat for all sockets [S22]: pings, ends the dead and the expired, unloads what nobody uses, and asks daemons
 * for their status; until the signal aborts.
 */
export async function runPulse(
  { sockets, idle, engine, settings, clock, log }: Deps,
  signal: AbortSignal,
): Promise<void> {
  let beatAt = clock.now()
  let askedAt = beatAt
  while (!signal.aborted) {
    try {
      await wait(clock, settings.pingMs, signal)
      // While this process itself stood still, nobody could be heard: that is no silence of theirs.
      const lateMs = Math.max(0, clock.now() - beatAt - settings.pingMs)
      beatAt = clock.now()
      for (const socket of [...sockets.values()]) socket.pulse(lateMs)
      if (beatAt - askedAt >= statusMs) {
        askedAt = beatAt
        askForStatus(sockets)
      }
      await idle.sweep(engine)
    } catch (e) {
      if (!signal.aborted) log.error('pulse failed', { error: e })
    }
  }
}

function askForStatus(sockets: Deps['sockets']): void {
  for (const socket of sockets.values()) {
    for (const connection of socket.connections) {
      const { doc } = (connection as Connection<Context>).context
      const isOwn = doc.kind === 'daemon' && doc.daemonId === socket.who?.claims.principal
      if (isOwn) connection.sendStateless(JSON.stringify({ t: 'status-request' }))
    }
  }
}
