import { CloudOff, HardDrive, LogOut, RefreshCw } from 'lucide-react'
import { lazy, Suspense } from 'react'
import { RescueDialog } from './rescue-dialog.tsx'
import { useAttention } from './session/attention.ts'
import { update, takeUpdate } from './session/offline.ts'
import { useSession } from './session/session-context.ts'
import { useView } from './session/use-view.ts'
import { Button } from './ui/button.tsx'
import { useAfter } from './ui/states.tsx'
import { toast } from './ui/toast.ts'
import styles from './workbench.module.css'

// Asked on the worst of days alone.
const Question = lazy(() => import('./mirror-question.tsx'))

/** What everyone at this screen should know: offline, nothing kept, files gone from a folder, a newer build, changes that cannot be sent. */
export function Notices() {
  const session = useSession()
  const link = useView(session.link)
  const storage = useView(session.storage)
  const words = useView(session.words)
  const { ready } = useView(update)
  const { signedOut } = useView(session.identity)
  const { halted } = useAttention()
  return (
    <>
      {link.phase === 'offline' && !signedOut && <OfflineBanner key={link.since} />}
      {signedOut && <SignedOutBanner />}
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
      <Suspense>
        {halted.map(
          (item) => item.question && <Question key={item.question.id} halted={item} question={item.question} />,
        )}
      </Suspense>
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

/** The sign-in ran out, or an owner took it back: the page cannot know which. */
function SignedOutBanner() {
  const { rescue, storage } = useSession()
  const { waiting } = useView(storage)
  return (
    <p className={styles.banner} role="alert">
      <LogOut size={14} aria-hidden /> You are signed out: your sign-in has ended, or an owner took it back. What you
      type is kept on this device, and sent once you open an invite or the link that Tandem printed.
      {waiting > 0 && (
        <Button
          variant="quiet"
          onClick={() =>
            void rescue
              .saveUnsent()
              .then((saved) => saved || toast('This browser could not read what it holds. Try again.'))
          }
        >
          Save a copy
        </Button>
      )}
    </p>
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
