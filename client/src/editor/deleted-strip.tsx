import type { FileEntry } from '@tandem/shared/docs'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import styles from './editor.module.css'

/** "Mira deleted this file · Restore · Close". */
export function DeletedStrip({ entry, onClose }: { entry: FileEntry; onClose: () => void }) {
  const session = useSession()
  const members = useView(session.ops.members)
  const daemons = useView(session.ops.daemons)
  const { claims } = useView(session.identity)
  const by = entry.deleted?.by
  const who =
    by === undefined
      ? 'Someone'
      : by === claims.principal
        ? 'You'
        : daemons.has(by)
          ? 'Someone, in the folder,'
          : (members.get(by)?.name ?? 'Someone')
  return (
    <div className={styles.strip} role="status">
      <span>{who} deleted this file.</span>
      <Button onClick={() => session.files.transact(() => session.files.restore(entry.id), 'files')}>Restore</Button>
      <Button variant="quiet" onClick={onClose}>
        Close
      </Button>
    </div>
  )
}
