import { Button } from '../ui/button.tsx'
import { Empty, Skeleton } from '../ui/states.tsx'
import styles from './files.module.css'

type NoFilesProps = { isReading: boolean; hasDaemon: boolean; canWrite: boolean; onNew: () => void }

/** An empty workspace: being read, without a folder, or truly empty. */
export function NoFiles({ isReading, hasDaemon, canWrite, onNew }: NoFilesProps) {
  if (isReading) return <Skeleton label="Reading the folder" widths={[52, 38, 64, 45, 58, 30]} />
  const make = (
    <Button onClick={onNew} disabled={!canWrite}>
      New file
    </Button>
  )
  if (hasDaemon)
    return <Empty action={make}>No files here yet. Files you put into the folder appear by themselves.</Empty>
  return (
    <Empty action={make}>
      No folder serves this workspace yet. Start a daemon in one:
      <code className={styles.start}>TANDEM_TOKEN=KEY npm run tandem -- daemon FOLDER --server {location.origin}</code>
    </Empty>
  )
}
