import { visibleText } from '@tandem/shared'
import type { DaemonView } from '../session/use-daemon.ts'
import { relativeTime } from '../ui/relative-time.ts'

/** The three values of the founding documents [S93], with what the tooltip adds. */
export type WorkspaceStatus = {
  status: 'connected' | 'disconnected' | 'syncing'
  text: string
  detail: string
  lastHeartbeat: number | undefined
}

type Facts = { online: boolean; synced: boolean; daemon: DaemonView | undefined; now: number }

/**
 * Whether the folder behind this workspace is live. The server's stamp decides whether a daemon is there; its clock is
 * never asked.
 */
export function workspaceStatus({ online, synced, daemon, now }: Facts): WorkspaceStatus {
  const lastHeartbeat = daemon?.presence.lastSeenAt
  const seen = lastHeartbeat === undefined ? 'never seen' : `last seen ${relativeTime(lastHeartbeat, now)}`
  if (!online)
    return {
      status: 'disconnected',
      text: 'daemon offline',
      detail: `This browser is offline; the daemon was ${seen}.`,
      lastHeartbeat,
    }
  if (!synced)
    return { status: 'syncing', text: 'syncing...', detail: 'Getting the newest state from the server.', lastHeartbeat }
  if (daemon?.presence.connection !== 'online')
    return { status: 'disconnected', text: 'daemon offline', detail: seen, lastHeartbeat }
  const phase = daemon.mirror?.phase ?? 'starting'
  const progress =
    daemon.mirror?.total === undefined ? '' : ` (${daemon.mirror.done ?? 0} of ${daemon.mirror.total} files)`
  if (phase === 'halted')
    return {
      status: 'connected',
      text: 'daemon connected',
      detail: `The folder is not being synced: ${visibleText(daemon.mirror?.reason ?? 'the daemon halted')}.`,
      lastHeartbeat,
    }
  if (phase !== 'live')
    return { status: 'syncing', text: 'syncing...', detail: `${words[phase]}${progress}.`, lastHeartbeat }
  // No "last seen" while it is here: the server stamps changes, not heartbeats.
  return {
    status: 'connected',
    text: 'daemon connected',
    detail: `on ${visibleText(daemon.presence.name)}`,
    lastHeartbeat,
  }
}

const words = {
  starting: 'The daemon is starting',
  scanning: 'The daemon reads the folder',
  importing: 'The daemon brings changes into the workspace',
  seeding: 'The daemon brings files into the workspace',
  exporting: 'The daemon writes files into the folder',
} as const
