import type { MirrorState } from '@tandem/shared/docs'
import { ChevronsDownUp, FilePlus, FolderPlus } from 'lucide-react'
import { IconButton } from '../ui/icon-button.tsx'
import { countLine } from './counts.ts'
import styles from './files.module.css'

type HeaderProps = {
  count: number
  mirror: MirrorState | undefined
  canWrite: boolean
  onNewFile: () => void
  onNewFolder: () => void
  onCollapse: () => void
}

/** How many files there are, honestly, and what can be made. */
export const FilesHeader = ({ count, mirror, canWrite, onNewFile, onNewFolder, onCollapse }: HeaderProps) => (
  <header className={styles.header}>
    <h2>Files</h2>
    <span className={styles.count}>{countLine(count, mirror)}</span>
    <span className={styles.tools}>
      <IconButton label="New file" onClick={onNewFile} disabled={!canWrite}>
        <FilePlus size={15} aria-hidden />
      </IconButton>
      <IconButton label="New folder" onClick={onNewFolder} disabled={!canWrite}>
        <FolderPlus size={15} aria-hidden />
      </IconButton>
      <IconButton label="Close all folders" onClick={onCollapse}>
        <ChevronsDownUp size={15} aria-hidden />
      </IconButton>
    </span>
  </header>
)
