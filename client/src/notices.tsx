import { CloudOff, HardDrive, RefreshCw } from 'lucide-react'
import { RescueDialog } from './rescue-dialog.tsx'
import { update, takeUpdate } from './session/offline.ts'
import { useSession } from './session/session-context.ts'
import { useView } from './session/use-view.ts'
import { Button } from './ui/button.tsx'
import { useAfter } from './ui/states.tsx'
import styles from './workbench.module.css'

/** What everyone at this screen should know: offline, nothing kept, a newer build, changes that cannot be sent. */
export function Notices() {
  const session = useSession()
  const link = useView(session.link)
  const storage = useView(session.storage)
  const words = useView(session.words)
  const { ready } = useView(update)
  return (
    <>
      {link.phase === 'offline' && <OfflineBanner key={link.since} />}
      {storage.failure !== undefined && (
        <p className={styles.banner} role="alert">
          <HardDrive size={14} aria-hidden /> Can’t save on this device: {storage.failure}. Keep this tab open until the
          server has everything.
        </p>
      )}
      {!words.writable && (
        <p className={styles.banner} role="alert">
          <HardDrive size={14} aria-hidden /> The server cannot write to its disk
          {words.reason === undefined ? '' : ` (${words.reason})`}. Your edits are kept here until it can.
        </p>
      )}
      {ready && (
        <p className={styles.banner} role="status">
          <RefreshCw size={14} aria-hidden /> A newer Tandem is ready.{' '}
          <Button onClick={() => void takeUpdate()}>Reload</Button>
        </p>
      )}
      <RescueDialog />
    </>
  )
}

/** Only once it has lasted: a blink of the network is nobody's business. */
function OfflineBanner() {
  const lasted = useAfter(2_000)
  const { reconnect } = useSession()
  if (!lasted) return undefined
  return (
    <p className={styles.banner} role="status">
      <CloudOff size={14} aria-hidden /> You are offline. Keep working: edits are kept on this device and sent when the
      connection is back.
      <Button variant="quiet" onClick={reconnect}>
        Try now
      </Button>
    </p>
  )
}
