import { messageOf, type Id } from '@tandem/shared'
import { openFile, type FileEntry } from '@tandem/shared/docs'
import { X } from 'lucide-react'
import { lazy, Suspense, useCallback, useEffect, useRef } from 'react'
import { blobText } from '../session/blob-texts.ts'
import type { VersionText } from '../session/read-text.ts'
import { useSession } from '../session/session-context.ts'
import type { Session } from '../session/session.ts'
import { Button } from '../ui/button.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import { Empty, Failed, Skeleton } from '../ui/states.tsx'
import { useRemote } from '../ui/use-remote.ts'
import styles from './conflict.module.css'

const DiffView = lazy(() => import('./diff-view.tsx'))

type Blob = { blob: string; size: number }
type ConflictCompareProps = {
  entry: FileEntry
  /** The machine's. */
  name: string
  disk: Blob
  /** Without one the text as it is now stands in its place. */
  shared: Blob | undefined
  onClose: () => void
}

/** Both versions side by side, over the text: what was on disk, and what everyone else had. */
export function ConflictCompare({ entry, name, disk, shared, onClose }: ConflictCompareProps) {
  const region = useRef<HTMLDivElement>(null)
  useEffect(() => region.current?.focus(), [])
  return (
    <div
      ref={region}
      className={styles.compare}
      role="region"
      aria-label="Both versions, compared"
      tabIndex={-1}
      onKeyDown={(e) => e.key === 'Escape' && onClose()}
    >
      <p className={styles.legend}>
        <span>
          <b>Before:</b> the disk’s, from the folder on {name}
        </span>
        <span>
          <b>After:</b> the shared one, as it {shared ? 'was then' : 'is now'}
        </span>
        <IconButton label="Close the comparison" shortcut="Esc" onClick={onClose}>
          <X size={14} aria-hidden />
        </IconButton>
      </p>
      <div className={styles.diff}>
        <Both entry={entry} disk={disk} shared={shared} />
      </div>
    </div>
  )
}

function Both({ entry: { id, path }, disk, shared }: Pick<ConflictCompareProps, 'entry' | 'disk' | 'shared'>) {
  const session = useSession()
  const { workspaceId } = session.place
  const ask = useCallback(
    () => Promise.all([blobText(workspaceId, disk), shared ? blobText(workspaceId, shared) : present(session, id)]),
    [session, workspaceId, id, disk, shared],
  )
  const [found, reload] = useRemote(ask)
  if (found.is === 'loading') return <DiffSkeleton />
  if (found.is === 'failed')
    return (
      <Failed
        what="The versions did not come."
        safe={`It said: ${messageOf(found.error)}. Nothing is lost.`}
        action={<Button onClick={reload}>Try again</Button>}
      />
    )
  const [before, after] = found.value
  const reason = before.reason ?? after.reason
  if (reason !== undefined) return <Empty>These versions cannot be compared here: {reason}.</Empty>
  return (
    <Suspense fallback={<DiffSkeleton />}>
      <DiffView path={path} before={before.text ?? ''} after={after.text ?? ''} />
    </Suspense>
  )
}

/** The text of a file that is open here. */
function present(session: Session, fileId: Id): VersionText {
  const doc = session.peek({ kind: 'file', fileId })
  return doc ? { text: openFile(doc).snapshot() } : { reason: 'the text is not open' }
}

const DiffSkeleton = () => <Skeleton label="Loading the versions" widths={[38, 52, 20, 61, 44, 33]} />
