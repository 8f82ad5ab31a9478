import type { Id } from '@tandem/shared'
import { Avatars } from './people/avatars.tsx'
import { UnsafeMark } from './people/sandbox-status.tsx'
import { SyncPill } from './people/sync-pill.tsx'
import { useSession } from './session/session-context.ts'
import { useView } from './session/use-view.ts'
import { Share } from './settings/share.tsx'
import { Mark } from './ui/mark.tsx'
import styles from './workbench.module.css'

/** Which workspace this is, where my work is, and who else is here. */
export function TopBar({ onGoTo }: { onGoTo: (file: Id) => void }) {
  const { workspace } = useView(useSession().identity)
  return (
    <header className={styles.top}>
      <Mark />
      <strong className={styles.name}>{workspace.name}</strong>
      <span className={styles.grow} />
      <UnsafeMark />
      <SyncPill />
      <Avatars onGoTo={onGoTo} />
      <Share />
    </header>
  )
}
