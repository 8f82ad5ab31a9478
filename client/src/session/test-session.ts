import { createId, silentLog, systemClock, type Role } from '@tandem/shared'
import { openSession, type Session } from './session.ts'

type Options = { signal: AbortSignal; name?: string; role?: Role; workspace?: string }

/** For tests: a session of somebody who has been here before, with no server in reach. */
export function sessionForTest({ signal, name = 'Ada', role = 'owner', workspace = 'shop' }: Options): Session {
  const place = { workspaceId: createId(), epoch: createId() }
  return openSession({
    first: {
      claims: { kind: 'user', principal: createId(), name, role, session: createId(), ...place },
      workspace: { id: place.workspaceId, name: workspace, epoch: place.epoch, generation: 0, seq: 7, role },
      signedOut: false,
      serverAheadMs: 0,
    },
    token: undefined,
    clock: systemClock,
    log: silentLog,
    signal,
  })
}
