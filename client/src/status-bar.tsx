import { History, Moon, Sun } from 'lucide-react'
import { WorkspaceConnectionStatus } from './people/connection-status.tsx'
import { SandboxStatus } from './people/sandbox-status.tsx'
import { useSession } from './session/session-context.ts'
import { useProgress } from './session/use-progress.ts'
import { useView } from './session/use-view.ts'
import { ProgressBar } from './ui/progress-bar.tsx'
import { useTheme } from './ui/theme.ts'
import styles from './workbench.module.css'

/** The workspace's version, its daemon, its sandbox, and the theme. */
export function StatusBar() {
  const session = useSession()
  const { seq } = useView(session.words)
  const [theme, setTheme] = useTheme()
  return (
    <footer className={styles.foot} aria-label="Status">
      <span title="The workspace’s version: it grows with every change">
        <History size={12} aria-hidden /> {seq === undefined ? 'version unknown' : `v ${seq.toLocaleString('en')}`}
      </span>
      <WorkspaceConnectionStatus workspaceId={session.place.workspaceId} />
      <MirrorProgress />
      <SandboxStatus />
      <span className={styles.grow} />
      <button
        type="button"
        onClick={() => setTheme(theme === 'dark' ? 'light' : 'dark')}
        aria-label={`Theme: ${theme}. Change to ${theme === 'dark' ? 'light' : 'dark'}`}
      >
        {theme === 'dark' ? <Moon size={12} aria-hidden /> : <Sun size={12} aria-hidden />}{' '}
        {theme === 'dark' ? 'Dark' : 'Light'}
      </button>
    </footer>
  )
}

/** How far the folder is, while it has far to go. */
function MirrorProgress() {
  const first = useProgress()[0]
  if (!first) return undefined
  return (
    <span>
      <ProgressBar className={styles.progress ?? ''} label={first.label} done={first.done} total={first.total} />
      <span aria-hidden>{first.label}</span>
    </span>
  )
}
