import { type Id, visibleText } from '@tandem/shared'
import type { Approval } from '@tandem/shared/docs'
import { Pencil } from 'lucide-react'
import { type ComponentType, useEffect, useState } from 'react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { AuthorMark } from '../ui/author-mark.tsx'
import { Button } from '../ui/button.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import styles from './chat.module.css'
import { RunView } from './run-view.tsx'
import type { Sent, Turn } from './turns.ts'
import { useAgent } from './use-conversation.ts'

type TurnViewProps = {
  turn: Turn
  keys: string | undefined
  mayAsk: boolean
  /** Sends the message once more in its own place, with these words. */
  onResend: (message: Sent, text: string) => void
  /** What of the later messages the run has not heard yet: told to whoever shows the queue. */
  onDelivered: (run: Id, delivered: ReadonlySet<string>) => void
  Question: ComponentType<{ approval: Approval }>
}

/** What a person asked, and what the agent did about it. */
export function TurnView({ turn, keys, mayAsk, onResend, onDelivered, Question }: TurnViewProps) {
  const { first, run, later } = turn
  const agent = useAgent(run)
  const { delivered } = agent
  useEffect(() => {
    if (delivered) onDelivered(run, new Set(delivered.keys()))
  }, [run, delivered, onDelivered])
  return (
    <article className={styles.turn} aria-label={`Asked: ${visibleText(first.text).slice(0, 80)}`}>
      <Asked first={first} name={agent.task?.createdByName} by={agent.task?.createdBy} {...{ mayAsk, onResend }} />
      <RunView
        runId={run}
        agent={agent}
        later={later}
        keys={keys}
        onAgain={() => onResend(first, first.text)}
        Question={Question}
      />
    </article>
  )
}

type AskedProps = Pick<TurnViewProps, 'mayAsk' | 'onResend'> & {
  first: Sent
  name: string | undefined
  by: Id | undefined
}

/** The message as the person wrote it; it can be written anew and sent again. */
function Asked({ first, name, by, mayAsk, onResend }: AskedProps) {
  const session = useSession()
  const { principal } = useView(session.identity).claims
  const [draft, setDraft] = useState<string>()
  // Whose it is the server says with the task that it asked for; until then it is one of ours.
  const isMine = by === undefined || by === principal
  const author = { id: by ?? principal, name: name ?? '', kind: 'person' } as const
  return (
    <div className={styles.asked}>
      <p className={styles.by}>
        <AuthorMark kind="person" hue={session.hueOf(author)} />
        {isMine ? 'You' : visibleText(name ?? 'Somebody')}
        <span className={styles.quiet}>
          {first.mode}
          {first.model !== undefined && ` · ${visibleText(first.model)}`}
        </span>
        {mayAsk && draft === undefined && (
          <IconButton label="Change and send again" onClick={() => setDraft(first.text)}>
            <Pencil size={12} aria-hidden />
          </IconButton>
        )}
      </p>
      {draft === undefined ? (
        <p className={styles.words}>{visibleText(first.text)}</p>
      ) : (
        <form
          onSubmit={(e) => {
            e.preventDefault()
            if (draft.trim() === '') return
            onResend(first, draft)
            setDraft(undefined)
          }}
        >
          <textarea
            aria-label="The message, changed"
            value={draft}
            rows={Math.min(10, draft.split('\n').length + 1)}
            autoFocus
            onChange={(e) => setDraft(e.currentTarget.value)}
            onKeyDown={(e) => {
              if (e.key !== 'Escape') return
              e.stopPropagation()
              setDraft(undefined)
            }}
          />
          <p className={styles.quiet}>What followed it is left behind; changes that were made stay.</p>
          <div className={styles.row}>
            <Button type="submit" variant="primary">
              Send again
            </Button>
            <Button variant="quiet" onClick={() => setDraft(undefined)}>
              Leave it
            </Button>
          </div>
        </form>
      )}
    </div>
  )
}
