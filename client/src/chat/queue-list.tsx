import { visibleText } from '@tandem/shared'
import type { Chat } from '@tandem/shared/docs'
import { Pencil, X } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../ui/button.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import styles from './chat.module.css'
import { EditLine } from './edit-line.tsx'
import type { Sent } from './turns.ts'

type QueueListProps = {
  chat: Chat
  waiting: readonly Sent[]
  /** The run is over, and will hear nothing more: sends it as a message of its own. */
  onSendNow: ((message: Sent) => void) | undefined
}

/** What was sent to the run and has not reached it: until then it can be changed, hurried or taken back. */
export function QueueList({ chat, waiting, onSendNow }: QueueListProps) {
  if (waiting.length === 0) return undefined
  return (
    <ul className={styles.queue} aria-label="Sent, not heard yet">
      {waiting.map((message) => (
        <Waiting key={message.id} {...{ chat, message, onSendNow }} />
      ))}
    </ul>
  )
}

type WaitingProps = Pick<QueueListProps, 'chat' | 'onSendNow'> & { message: Sent }

function Waiting({ chat, message, onSendNow }: WaitingProps) {
  const [draft, setDraft] = useState<string>()
  const isSteering = message.deliver === 'steer'
  const save = () => {
    if (draft !== undefined && draft.trim() !== '') chat.edit(message.id, { text: draft })
    setDraft(undefined)
  }
  return (
    <li>
      <span className={styles.quiet}>
        {onSendNow ? 'it had ended before' : isSteering ? 'at its next step' : 'after its answer'}
      </span>
      {draft === undefined ? (
        <span className={styles.waitingText}>{visibleText(message.text)}</span>
      ) : (
        <EditLine
          label="The waiting message"
          draft={draft}
          onDraft={setDraft}
          onSave={save}
          onLeave={() => setDraft(undefined)}
        />
      )}
      {onSendNow ? (
        <Button variant="quiet" onClick={() => onSendNow(message)}>
          Send now
        </Button>
      ) : (
        <Button
          variant="quiet"
          aria-label={isSteering ? 'Say it after the answer' : 'Say it at the next step'}
          onClick={() => chat.edit(message.id, { deliver: isSteering ? 'queue' : 'steer' })}
        >
          {isSteering ? 'Later' : 'Sooner'}
        </Button>
      )}
      <IconButton label="Change this message" onClick={() => setDraft(message.text)}>
        <Pencil size={12} aria-hidden />
      </IconButton>
      <IconButton label="Take this message back" onClick={() => chat.withdraw(message.id)}>
        <X size={12} aria-hidden />
      </IconButton>
    </li>
  )
}
