import { FileCode2, Files, SquareTerminal } from 'lucide-react'
import type { ReactNode } from 'react'
import styles from './workbench.module.css'

type Region = 'files' | 'editor' | 'tasks'
type NarrowShellProps = { region: Region; onRegion: (region: Region) => void } & Record<Region, ReactNode>

const bar = [
  ['files', Files, 'Files'],
  ['editor', FileCode2, 'Editor'],
  ['tasks', SquareTerminal, 'Tasks'],
] as const

/** Below 760 px: one region at a time, and a bar to choose it. */
export const NarrowShell = ({ region, onRegion, ...regions }: NarrowShellProps) => (
  <>
    <div className={styles.solo}>{regions[region]}</div>
    <nav className={styles.narrowBar} aria-label="Regions">
      {bar.map(([name, Icon, label]) => (
        <button
          type="button"
          key={name}
          aria-current={region === name ? 'page' : undefined}
          onClick={() => onRegion(name)}
        >
          <Icon size={18} aria-hidden />
          {label}
        </button>
      ))}
    </nav>
  </>
)
