import { type ReactNode, useEffect, useState } from 'react'
import { diagnostics } from '../session/diagnostics.ts'
import { measureServer } from '../session/rest.ts'
import { useSession } from '../session/session-context.ts'
import { useDaemon } from '../session/use-daemon.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import { relativeTime, useTick } from '../ui/relative-time.ts'
import { toast } from '../ui/toast.ts'
import { DaemonConnectionStatus } from './connection-status.tsx'
import styles from './people.module.css'
import { SandboxDetails } from './sandbox-status.tsx'
import { useWorkspaceStatus } from './use-workspace-status.ts'

/** The three places an edit passes, each with how it is and when it was last heard. */
export function LinkDetails() {
  const session = useSession()
  const link = useView(session.link)
  const storage = useView(session.storage)
  const status = useView(session.status)
  const words = useView(session.words)
  const daemon = useDaemon()
  const workspace = useWorkspaceStatus()
  const latency = useServerLatency(link.phase === 'connected')
  useTick(1_000)
  const now = session.clock.now()
  const kept =
    storage.failure === undefined
      ? storage.waiting > 0
        ? `${storage.waiting} changes kept until the server has them`
        : 'everything is kept on this device too'
      : `nothing is kept: ${storage.failure}`
  return (
    <div className={styles.details}>
      <ol>
        <Step name="This browser" state={storage.failure === undefined ? 'connected' : 'disconnected'} detail={kept} />
        <Step
          name="Server"
          state={link.phase === 'connected' ? 'connected' : link.phase === 'connecting' ? 'syncing' : 'disconnected'}
          detail={
            link.phase === 'connected'
              ? `${latency === undefined ? 'connected' : `answers in ${Math.max(1, Math.round(latency))} ms`}${words.writable ? '' : ` · cannot write: ${words.reason ?? 'its disk fails'}`}`
              : link.heardAt === undefined
                ? 'not reached yet'
                : `last heard ${relativeTime(link.heardAt, now)}; trying again by itself`
          }
        />
        <Step
          name={daemon ? `Folder on ${daemon.presence.name}` : 'Folder'}
          state={workspace.status}
          detail={
            <>
              {daemon && (
                <DaemonConnectionStatus daemonId={daemon.presence.id} workspaceId={session.place.workspaceId} />
              )}
              {workspace.status !== 'disconnected' && <span>{workspace.detail}</span>}
            </>
          }
        />
      </ol>
      <SandboxDetails />
      {status.pill === 'signed-out' && (
        <p>
          This browser’s sign-in has ended. Nothing is lost: open the link that Tandem printed at its start, and your
          edits are sent.
        </p>
      )}
      <footer>
        {link.phase !== 'connected' && <Button onClick={session.reconnect}>Try now</Button>}
        <Button
          variant="quiet"
          onClick={() =>
            void navigator.clipboard?.writeText(diagnostics()).then(() => toast('Copied the diagnostics.'))
          }
        >
          Copy diagnostics
        </Button>
      </footer>
    </div>
  )
}

const Step = ({
  name,
  state,
  detail,
}: {
  name: string
  state: 'connected' | 'disconnected' | 'syncing'
  detail: ReactNode
}) => (
  <li>
    <i className={styles.dot} data-status={state} aria-hidden />
    <strong>{name}</strong>
    <span>{detail}</span>
  </li>
)

/** How long the server takes to answer, measured while this is open. */
function useServerLatency(connected: boolean): number | undefined {
  const [ms, setMs] = useState<number>()
  useEffect(() => {
    if (!connected) return setMs(undefined)
    let open = true
    const measure = () => void measureServer().then((took) => open && setMs(took))
    measure()
    const timer = setInterval(measure, 3_000)
    return () => {
      open = false
      clearInterval(timer)
    }
  }, [connected])
  return ms
}
