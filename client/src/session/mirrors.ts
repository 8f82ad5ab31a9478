import { visibleText, type Id } from '@tandem/shared'
import {
  cachedView,
  openDaemon,
  type Daemon,
  type MirrorState,
  type SandboxState,
  type View,
} from '@tandem/shared/docs'
import { useSession } from './session-context.ts'
import type { Session } from './session.ts'
import { useView } from './use-view.ts'

/** A machine with a folder of this workspace: its name as it is shown, whether it is here, and how its folder and the documents stand. */
export type Mirror = {
  id: Id
  name: string
  isHere: boolean
  state: MirrorState | undefined
  /** What stands between commands and that machine. */
  sandbox?: SandboxState | undefined
  /** Its daemon's session, as it last said. */
  bootId?: Id | undefined
}

/** Those that are here, and those seen last: what a machine said that went away long ago is nobody's task any more. */
const maxMirrors = 8

/** The mirrors of a workspace, the one that serves it first. Their documents stay open as long as the session. */
export function openMirrors({ ops, open }: Pick<Session, 'ops' | 'open'>): View<readonly Mirror[]> {
  const daemonById = new Map<Id, Daemon>()
  const shown = () =>
    [...ops.daemons.snapshot().values()]
      .toSorted(
        (a, b) => Number(b.connection === 'online') - Number(a.connection === 'online') || b.lastSeenAt - a.lastSeenAt,
      )
      .slice(0, maxMirrors)
  const read = () =>
    shown().map(({ id, name, connection }) => {
      const { mirror: state, sandbox, about } = daemonById.get(id)?.snapshot() ?? {}
      return { id, name: visibleText(name), isHere: connection === 'online', state, sandbox, bootId: about?.bootId }
    })
  return cachedView(read, (changed) => {
    const openNew = () => {
      for (const { id } of shown()) {
        if (daemonById.has(id)) continue
        const daemon = openDaemon(open({ kind: 'daemon', daemonId: id }).doc)
        daemonById.set(id, daemon)
        daemon.subscribe(changed)
      }
      changed()
    }
    // Not inside the write that names a new one.
    ops.daemons.subscribe(() => queueMicrotask(openNew))
    openNew()
  })
}

const viewBySession = new WeakMap<Session, View<readonly Mirror[]>>()

/** The mirrors of this tab's workspace; made when first asked for. */
export function mirrorsOf(session: Session): View<readonly Mirror[]> {
  const held = viewBySession.get(session)
  const view = held ?? openMirrors(session)
  if (!held) viewBySession.set(session, view)
  return view
}

/** As `mirrorsOf`, live. */
export const useMirrors = (): readonly Mirror[] => useView(mirrorsOf(useSession()))
