import { FileCode2, Files, History, SquareTerminal } from 'lucide-react'
import { usePendingApprovals } from './tasks/approval-card.tsx'
import styles from './workbench.module.css'

export type Region = 'files' | 'editor' | 'tasks' | 'history'

const bar = [
  ['files', Files, 'Files'],
  ['editor', FileCode2, 'Editor'],
  ['tasks', SquareTerminal, 'Tasks'],
  ['history', History, 'History'],
] as const

/** Below 760 px there is one region at a time: this chooses which. */
export const NarrowBar = ({ region, onRegion }: { region: Region; onRegion: (region: Region) => void }) => (
  <nav className={styles.narrowBar} aria-label="Regions">
    {bar.map(([name, Icon, label]) => (
      <button
        type="button"
        key={name}
        aria-current={region === name ? 'page' : undefined}
        onClick={() => onRegion(name)}
      >
        <Icon size={18} aria-hidden />
        <span>
          {label}
          {name === 'tasks' && <Asks />}
        </span>
      </button>
    ))}
  </nav>
)

function Asks() {
  const count = usePendingApprovals().length
  if (count === 0) return undefined
  return (
    <span className={styles.attention}>
      {' '}
      {count} <span className="visually-hidden">{count === 1 ? 'needs' : 'need'} your approval</span>
    </span>
  )
}
