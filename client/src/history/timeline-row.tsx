import { type Checkpoint, type Step, visibleText } from '@tandem/shared'
import { Flag } from 'lucide-react'
import { authorName, causeWords } from '../session/author-words.ts'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { AuthorMark } from '../ui/author-mark.tsx'
import { exactTime } from '../ui/exact-time.ts'
import { relativeTime } from '../ui/relative-time.ts'
import styles from './history.module.css'
import { stepWords } from './step-words.ts'

/** Who did what, why and when, on one line. */
export function StepLine({ step, now }: { step: Step; now: number }) {
  const session = useSession()
  const { claims } = useView(session.identity)
  const tasks = useView(session.tasks)
  useView(session.peers)
  const { author } = step
  const what = stepWords(step)
  // The words say already that it was a restore.
  const why = author.cause?.restoredFrom === undefined ? causeWords(author, tasks) : undefined
  return (
    <>
      <AuthorMark kind={author.kind} hue={session.hueOf(author)} />
      <strong className={styles.who}>{authorName(author, claims.principal)}</strong>
      <span className={styles.what} title={[what, why].filter(Boolean).join(', ')}>
        {what}
        {why !== undefined && <span className={styles.why}> {why}</span>}
      </span>
      <Moment at={step.to} now={now} />
    </>
  )
}

/** A name that a version has, and who gave it; one that Tandem gave says why itself. */
export function CheckpointLine({ checkpoint, now }: { checkpoint: Checkpoint; now: number }) {
  const { claims } = useView(useSession().identity)
  const { name, by, byName, kind, at } = checkpoint
  return (
    <>
      <Flag size={12} className={styles.flag} aria-hidden />
      <strong className={styles.mark}>{visibleText(name)}</strong>
      <span className={styles.what}>
        {kind === 'manual' && (by === claims.principal ? 'by you' : `by ${visibleText(byName)}`)}
      </span>
      <Moment at={at} now={now} />
    </>
  )
}

const Moment = ({ at, now }: { at: number; now: number }) => (
  <time className={styles.when} dateTime={new Date(at).toISOString()} title={exactTime(at, now)}>
    {relativeTime(at, now)}
  </time>
)
