import {
  type DaemonPresence,
  mapView,
  openDaemon,
  type MirrorState,
  type AgentOffer,
  type SandboxState,
  type DaemonAbout,
} from '@tandem/shared/docs'
import { useMemo, useSyncExternalStore } from 'react'
import { useDoc, useSession } from './session-context.ts'

/** A daemon as far as it is known: the server's word on its connection, its own word on all else. */
export type DaemonView = {
  presence: DaemonPresence
  about?: DaemonAbout
  mirror?: MirrorState
  sandbox?: SandboxState
  /** What it has for runs of the agent; absent where it runs none. */
  agent?: AgentOffer
}

const nothing = { snapshot: () => undefined, subscribe: () => () => {} }

/** One daemon: that of the given id, else the one that serves this workspace (online before offline, then the last seen). */
export function useDaemon(daemonId?: string): DaemonView | undefined {
  const session = useSession()
  const chosen = useMemo(
    () =>
      mapView(session.ops.daemons, (daemons) =>
        daemonId === undefined
          ? [...daemons.values()].toSorted(
              (a, b) =>
                Number(b.connection === 'online') - Number(a.connection === 'online') || b.lastSeenAt - a.lastSeenAt,
            )[0]
          : daemons.get(daemonId),
      ),
    [session, daemonId],
  )
  const presence = useSyncExternalStore(chosen.subscribe, chosen.snapshot)
  const id = presence?.id
  const handle = useDoc(id === undefined ? undefined : { kind: 'daemon', daemonId: id })
  const own = useMemo(() => (handle ? openDaemon(handle.doc) : nothing), [handle])
  const said = useSyncExternalStore<ReturnType<ReturnType<typeof openDaemon>['snapshot']> | undefined>(
    own.subscribe,
    own.snapshot,
  )
  return presence && { presence, ...said }
}
