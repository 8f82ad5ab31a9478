import styles from './people.module.css'
import { useWorkspaceStatus } from './use-workspace-status.ts'

/** Whether the folder behind a workspace is live: dot, words, and when its daemon was last seen [S90]. */
export const WorkspaceConnectionStatus = ({ workspaceId }: { workspaceId: string }) => (
  <Status label={`Workspace ${workspaceId}`} />
)

/** The same for one daemon [S91]. */
export const DaemonConnectionStatus = ({ daemonId }: { daemonId: string; workspaceId: string }) => (
  <Status daemonId={daemonId} label="Daemon" />
)

function Status({ daemonId, label }: { daemonId?: string; label: string }) {
  const { status, text, detail } = useWorkspaceStatus(daemonId)
  return (
    <span className={styles.daemon} title={`${label}: ${detail}`} data-status={status}>
      <i className={styles.dot} data-status={status} aria-hidden />
      <span role="status">{text}</span>
      {/* Outside of what is announced: it changes as time passes. */}
      {status === 'disconnected' && detail.startsWith('last seen') && <span className={styles.seen}>{detail}</span>}
    </span>
  )
}
