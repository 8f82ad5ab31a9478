import { isTerminal } from '@tandem/shared'
import { ChevronDown, ChevronUp, SquareTerminal } from 'lucide-react'
import { useSession } from './session/session-context.ts'
import { useView } from './session/use-view.ts'
import { ApprovalAnnouncement, usePendingApprovals } from './tasks/approval-card.tsx'
import { IconButton } from './ui/icon-button.tsx'
import styles from './workbench.module.css'

/** The head of the dock: what runs and what waits, also while it is folded. */
export function DockBar({ isFolded, onFold }: { isFolded: boolean; onFold: () => void }) {
  const tasks = useView(useSession().tasks)
  const approvals = usePendingApprovals().length
  const running = [...tasks.values()].filter((t) => !isTerminal(t.state)).length
  return (
    <div className={styles.dockBar}>
      <SquareTerminal size={14} aria-hidden />
      <h2>Tasks</h2>
      {running > 0 && <span>{running} not finished</span>}
      {approvals > 0 && (
        <span className={styles.attention}>
          {approvals === 1 ? '1 needs your approval' : `${approvals} need your approval`}
        </span>
      )}
      <ApprovalAnnouncement />
      <span className={styles.grow} />
      <IconButton label={isFolded ? 'Show the tasks' : 'Hide the tasks'} aria-expanded={!isFolded} onClick={onFold}>
        {isFolded ? <ChevronUp size={15} aria-hidden /> : <ChevronDown size={15} aria-hidden />}
      </IconButton>
    </div>
  )
}
