import { CloudOff, HardDrive, RefreshCw } from 'lucide-react'
import { update, takeUpdate } from './session/offline.ts'
import { useSession } from './session/session-context.ts'
import { useView } from './session/use-view.ts'
import { Button } from './ui/button.tsx'
import { Dialog } from './ui/dialog.tsx'
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

const stories = {
  'epoch-changed': {
    title: 'This workspace was made anew',
    text: 'The server has a new history for it, into which this page’s documents cannot be merged.',
  },
  'old-epoch': {
    title: 'Edits from before the workspace was made anew',
    text: 'This device holds documents of an earlier history of this workspace. They cannot be merged into the new one.',
  },
  diverged: {
    title: 'The server did not take your last changes',
    text: 'Your role may have changed while you worked. What you see here differs from what everyone else has.',
  },
} as const

function RescueDialog() {
  const session = useSession()
  const { needed } = useView(session.rescue)
  if (needed === 'none') return undefined
  const { title, text } = stories[needed]
  const rescue = () => void session.rescueAndReload()
  return (
    <Dialog
      open
      title={title}
      onClose={() => {}}
      actions={
        <Button variant="primary" onClick={rescue}>
          Save a copy and go on
        </Button>
      }
    >
      <p>{text} Nothing is thrown away: unsent edits are saved as a file on this device first.</p>
    </Dialog>
  )
}
