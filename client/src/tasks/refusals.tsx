import { atLeast, type Id, type TaskPayload, visibleText } from '@tandem/shared'
import type { Refusal } from '@tandem/shared/docs'
import { ChevronLeft, CopyPlus, Play, X } from 'lucide-react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import { titleOf } from './describe.ts'
import { refusedTask, type RefusedItem } from './items.ts'
import { StateGlyph } from './state-glyph.tsx'
import styles from './tasks.module.css'

const what: Record<string, string> = {
  create: 'Running this',
  rerun: 'Running it again',
  retry: 'Trying it again',
  cancel: 'Cancelling',
  'cancel-many': 'Cancelling the tasks',
  approve: 'Allowing',
  reject: 'Denying',
  revoke: 'Taking back what was allowed',
  drain: 'What was asked of a daemon',
  answer: 'The answer',
}

/** What was refused and why: "Cancelling was refused: there is no such task under way." */
export const refusalWords = ({ kind, reason }: Refusal): string =>
  `${what[kind] ?? 'What was asked for'} was refused: ${reason.replace(/\.$/, '')}.`

/** What was asked of a task there is, or of none, and was refused: said until somebody has seen it. */
export function RefusalNotes({ refusals }: { refusals: readonly Refusal[] }) {
  const { requests, tasks } = useSession()
  const known = useView(tasks)
  return refusals.map((refusal) => {
    const task = known.get(refusedTask(refusal) ?? '')
    return (
      <div key={refusal.id} className={styles.refusal} role="alert">
        <span className={styles.refusalText}>
          {task && <code>{titleOf(task.payload)}</code>} {visibleText(refusalWords(refusal))}
        </span>
        <IconButton label="Dismiss" onClick={() => requests.dismiss([refusal.id])}>
          <X size={14} aria-hidden />
        </IconButton>
      </div>
    )
  })
}

type RefusedDetailProps = {
  item: RefusedItem
  onBack: () => void
  onAsked: (id: Id) => void
  onDuplicate: (payload: TaskPayload, timeoutMs: number | undefined) => void
}

/** A task that the server would not make: why, and the ways on. */
export function RefusedDetail({ item: { refused, payload }, onBack, onAsked, onDuplicate }: RefusedDetailProps) {
  const { requests, identity } = useSession()
  const { role } = useView(identity).claims
  const whyNot = atLeast(role, 'runner') ? undefined : `As ${role} you may not run commands.`
  const title = titleOf(payload)
  const { id, body } = refused
  const askAgain = (same: NonNullable<typeof body>) => {
    onAsked(requests.ask(same))
    requests.dismiss([id])
  }
  return (
    <section className={styles.detail} aria-label={`Task ${title}`}>
      <header className={styles.detailBar}>
        <button type="button" className={styles.back} data-back onClick={onBack}>
          <ChevronLeft size={15} aria-hidden /> Tasks
        </button>
        <StateGlyph tone="bad" />
        <code className={styles.command} title={title}>
          {title}
        </code>
        <span className={styles.word} data-tone="bad">
          refused
        </span>
        <span className={styles.grow} />
        <div className={styles.actions}>
          {body && (
            <Button disabled={whyNot !== undefined} title={whyNot} onClick={() => askAgain(body)}>
              <Play size={12} aria-hidden /> Ask again
            </Button>
          )}
          {payload?.kind === 'command' && (
            <Button
              disabled={whyNot !== undefined}
              title={whyNot}
              onClick={() => onDuplicate(payload, body?.kind === 'create' ? body.task.timeoutMs : undefined)}
            >
              <CopyPlus size={12} aria-hidden /> Change and run
            </Button>
          )}
          <Button onClick={() => requests.dismiss([id])}>
            <X size={12} aria-hidden /> Dismiss
          </Button>
        </div>
      </header>
      <div className={styles.error} role="alert">
        {visibleText(refusalWords(refused))}
      </div>
      <p className={styles.stopped}>
        It did not run, and nothing was changed.
        {!body && ' It is too large to be kept here: ask for it again from where you did.'}
      </p>
    </section>
  )
}
