import { KeyRound } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { useMirrors } from '../session/mirrors.ts'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { standingGrants } from './grants.ts'
import styles from './tasks.module.css'

const GrantsDialog = lazy(() => import('./grants-dialog.tsx'))

/** How many commands run without being asked about, where there are any; opens their list. */
export function GrantsLine() {
  const session = useSession()
  const approvals = useView(session.ops.approvals)
  const mirrors = useMirrors()
  const [isOpen, setOpen] = useState(false)
  const count = standingGrants(approvals.values(), mirrors, session.serverNow()).length
  // The list stays open when the last of it was taken back.
  if (count === 0 && !isOpen) return undefined
  return (
    <>
      <button type="button" className={styles.grants} onClick={() => setOpen(true)}>
        <KeyRound size={13} aria-hidden />
        {count === 1 ? '1 command is' : `${count} commands are`} allowed without asking
      </button>
      {isOpen && (
        <Suspense>
          <GrantsDialog onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}
