import { useSession } from '../session/session-context.ts'
import { useDaemon } from '../session/use-daemon.ts'
import { useView } from '../session/use-view.ts'
import { useTick } from '../ui/relative-time.ts'
import { workspaceStatus, type WorkspaceStatus } from './workspace-status.ts'

/** The workspace's status, or one daemon's, live [S92]. */
export function useWorkspaceStatus(daemonId?: string): WorkspaceStatus {
  const session = useSession()
  const daemon = useDaemon(daemonId)
  const link = useView(session.link)
  const ops = useView(session.opsState)
  // Relative words go stale.
  useTick(5_000)
  return workspaceStatus({ online: link.phase !== 'offline', synced: ops.synced, daemon, now: session.serverNow() })
}
