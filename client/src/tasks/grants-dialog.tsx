import { Dialog } from '@base-ui/react/dialog'
import { atLeast, commandLine, visibleText } from '@tandem/shared'
import { X } from 'lucide-react'
import { useMirrors } from '../session/mirrors.ts'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import popup from '../ui/popup.module.css'
import { relativeTime, useTick } from '../ui/relative-time.ts'
import { useFocusAfter } from '../ui/use-focus-after.ts'
import { Circumstances } from './asked.tsx'
import styles from './grants.module.css'
import { standingGrants, untilWords, type Grant } from './grants.ts'

/** What runs without being asked about: what exactly, who said so, until when, and the way to take it back. */
export default function GrantsDialog({ onClose }: { onClose: () => void }) {
  const session = useSession()
  const approvals = useView(session.ops.approvals)
  const mirrors = useMirrors()
  const isOffline = useView(session.link).phase === 'offline'
  useTick(30_000)
  const grants = standingGrants(approvals.values(), mirrors, session.serverNow())
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={popup.backdrop} />
        <Dialog.Popup className={styles.dialog}>
          <div className={styles.head}>
            <Dialog.Title>Allowed without asking</Dialog.Title>
            <Dialog.Close className={styles.close} data-close aria-label="Close">
              <X size={16} aria-hidden />
            </Dialog.Close>
          </div>
          <Dialog.Description className={styles.about}>
            Each of these runs whenever anybody here asks for exactly it. Taken back, it is asked about again; what runs
            by it goes on.
            {isOffline && ' You are offline: what you take back is sent when the connection is back.'}
          </Dialog.Description>
          {grants.length === 0 ? (
            <p className={styles.none}>Nothing is: what the policy asks about waits for somebody each time.</p>
          ) : (
            <ul className={styles.list} aria-label="Allowed without asking">
              {grants.map((grant) => (
                <Row key={grant.id} grant={grant} />
              ))}
            </ul>
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Row({ grant }: { grant: Grant }) {
  const session = useSession()
  const mirrors = useMirrors()
  const task = useView(session.tasks).get(grant.subject.task)
  const { role } = useView(session.identity).claims
  const row = useFocusAfter<HTMLLIElement>('[role=dialog]', '[data-revoke]', '[data-close]')
  const isAsked = [...useView(session.requests).values()].some(
    ({ body }) => body.kind === 'revoke' && body.approval === grant.id,
  )
  const whyNot = atLeast(role, 'runner') ? undefined : `As ${role} you may not take it back.`
  const now = session.serverNow()
  const said = grant.decidedAt === undefined ? '' : ` ${relativeTime(grant.decidedAt, now)}`
  return (
    <li ref={row}>
      <pre aria-label="What may run">{visibleText(task ? commandLine(task.payload) : grant.summary)}</pre>
      {task ? (
        <Circumstances task={task} />
      ) : (
        <p>The task that it was said of is archived: this is its beginning, as far as it is kept here.</p>
      )}
      <p>
        Said by <strong>{visibleText(grant.byName ?? 'somebody')}</strong>
        {said}, for the {grant.scope}: {untilWords(grant, mirrors, now)}.
      </p>
      <Button
        data-revoke
        disabled={whyNot !== undefined}
        title={whyNot}
        aria-disabled={isAsked}
        onClick={() => isAsked || session.requests.ask({ kind: 'revoke', approval: grant.id })}
      >
        {isAsked ? 'Taking it back…' : 'Revoke'}
      </Button>
      {whyNot !== undefined && <span className={styles.whyNot}>{whyNot}</span>}
    </li>
  )
}
