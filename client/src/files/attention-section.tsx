import { atLeast, nameOf, parentOf, visibleText, type Id } from '@tandem/shared'
import type { MirrorAlert, MirrorConflict } from '@tandem/shared/docs'
import { ChevronRight, CircleAlert, FileDiff, OctagonPause } from 'lucide-react'
import { useId } from 'react'
import { fileOf, type Attention, type Halted, type Said } from '../session/attention.ts'
import { conflictSentence, conflictTitle } from '../session/conflict-words.ts'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { asFlag, useRemembered } from '../ui/remembered.ts'
import { alertWords } from './alert-words.ts'
import styles from './attention.module.css'
import { attentionLine } from './attention-words.ts'

type AttentionSectionProps = { attention: Attention; onOpen: (id: Id) => void }

/** What needs a look in all folders of the workspace: counted while folded, listed while open. */
export default function AttentionSection({ attention, onOpen }: AttentionSectionProps) {
  const [isOpen, setOpen] = useRemembered('tandem.attention', true, asFlag)
  const listId = useId()
  const { halted, conflicts, alerts, mirrors } = attention
  const line = attentionLine(attention)
  if (line === undefined) return undefined
  const where = (name: string) => (mirrors.length > 1 ? ` · ${name}` : '')
  return (
    <section className={styles.section} aria-label="Needs a look">
      <h3>
        <button
          type="button"
          className={styles.head}
          aria-expanded={isOpen}
          aria-controls={listId}
          onClick={() => setOpen(!isOpen)}
        >
          <ChevronRight size={14} aria-hidden className={styles.chevron} />
          {line}
        </button>
      </h3>
      <Announce text={line} />
      <ul id={listId} className={styles.list} hidden={!isOpen}>
        {halted.map((item) => (
          <HaltedItem key={item.on.id} halted={item} />
        ))}
        {conflicts.map((conflict) => (
          <ConflictItem key={conflict.id} conflict={conflict} where={where(conflict.on.name)} onOpen={onOpen} />
        ))}
        {alerts.map((alert) => (
          <AlertItem
            key={`${alert.on.id} ${alert.kind} ${alert.path ?? ''}`}
            alert={alert}
            where={where(alert.on.name)}
            onOpen={onOpen}
          />
        ))}
      </ul>
    </section>
  )
}

const HaltedItem = ({ halted: { on, reason, question, answer, asked } }: { halted: Halted }) => (
  <li className={styles.item} data-kind="halted">
    <OctagonPause size={13} aria-hidden />
    <div>
      <strong>The folder on {on.name} is not being synced</strong>
      <p>
        {question
          ? `${question.count.toLocaleString('en')} of ${question.total.toLocaleString('en')} files are gone from it. ${answer || asked ? 'It was answered: see above.' : 'Answer above what is to happen.'}`
          : `${visibleText(reason ?? 'The daemon stopped')}. What you write here is kept and shared meanwhile.`}
      </p>
    </div>
  </li>
)

type ConflictItemProps = { conflict: Said<MirrorConflict>; where: string; onOpen: (id: Id) => void }

function ConflictItem({ conflict, where, onOpen }: ConflictItemProps) {
  const session = useSession()
  const file = fileOf(conflict, useView(session.files))
  const { claims } = useView(session.identity)
  const path = file?.path ?? conflict.path
  const title = `${conflictTitle(conflict)}${where}`
  if (file)
    return (
      <li>
        <button type="button" className={styles.item} title={path} onClick={() => onOpen(file.id)}>
          <FileDiff size={13} aria-hidden />
          <span>
            <PathWords path={path} />
            <small>{title}</small>
          </span>
        </button>
      </li>
    )
  return (
    <li className={styles.item}>
      <FileDiff size={13} aria-hidden />
      <div>
        <PathWords path={path} />
        <small>{title}</small>
        <p>
          {conflictSentence(conflict, conflict.on.name)} The file is gone since; the versions are in that folder:{' '}
          <code>{visibleText(conflict.record)}.*</code>
        </p>
        <Button
          disabled={!atLeast(claims.role, 'editor')}
          onClick={() =>
            void session.requests.ask({
              kind: 'answer',
              daemon: conflict.on.id,
              question: conflict.id,
              answer: 'dismiss',
            })
          }
        >
          Dismiss
        </Button>
      </div>
    </li>
  )
}

type AlertItemProps = { alert: Said<MirrorAlert>; where: string; onOpen: (id: Id) => void }

function AlertItem({ alert, where, onOpen }: AlertItemProps) {
  const { byPath } = useView(useSession().files)
  const file = alert.path === undefined ? undefined : byPath.get(alert.path)
  const { says, fix } = alertWords(alert)
  return (
    <li className={styles.item} data-kind="alert">
      <CircleAlert size={13} aria-hidden />
      <div>
        {alert.path !== undefined &&
          (file ? (
            <button type="button" className={styles.path} title={alert.path} onClick={() => onOpen(file.id)}>
              <PathWords path={alert.path} />
            </button>
          ) : (
            <PathWords path={alert.path} />
          ))}
        <p>
          {says}
          {where}
        </p>
        <p className={styles.fix}>{fix}</p>
      </div>
    </li>
  )
}

/** The name first: in a narrow panel it is what must be seen. */
const PathWords = ({ path }: { path: string }) => (
  <strong title={path}>
    {visibleText(nameOf(path))}
    {parentOf(path) !== '' && <span className={styles.folder}> {visibleText(parentOf(path))}</span>}
  </strong>
)
