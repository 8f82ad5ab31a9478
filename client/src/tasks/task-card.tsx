import { isTerminal, visibleText, type Worker } from '@tandem/shared'
import { ChevronRight } from 'lucide-react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { AuthorMark } from '../ui/author-mark.tsx'
import { dayOf, exactTime } from '../ui/exact-time.ts'
import { relativeTime, useTick } from '../ui/relative-time.ts'
import { lookOfTask, timeLine, titleOf } from './describe.ts'
import type { TaskItem } from './items.ts'
import { waitWords } from './queue.ts'
import { StateGlyph } from './state-glyph.tsx'
import { refusalWords } from './refusals.tsx'
import { SandboxBadge } from './sandbox-note.tsx'
import { TaskFacts } from './task-facts.tsx'
import styles from './tasks.module.css'

type TaskCardProps = {
  item: TaskItem
  workers: readonly Worker[]
  isSelected: boolean
  isExpanded: boolean
  /** The card that the Tab key reaches. */
  isStop: boolean
  onSelect: () => void
  onToggle: () => void
}

/** One task in the list: state, command, who, and how long or why not yet; unfolded, all else that is known of it. */
export function TaskCard({ item, workers, isSelected, isExpanded, isStop, onSelect, onToggle }: TaskCardProps) {
  const session = useSession()
  const link = useView(session.link)
  const { claims } = useView(session.identity)
  const tasks = useView(session.tasks)
  const limits = useView(session.ops.limits)
  const { id, task, refused } = item
  useTick(task && isTerminal(task.state) ? 30_000 : 1_000)
  const now = session.serverNow()
  const { tone, word } = task
    ? lookOfTask(task)
    : refused
      ? { tone: 'bad' as const, word: 'refused' }
      : { tone: 'waiting' as const, word: link.phase === 'connected' ? 'asking' : 'waiting for the connection' }
  const waits = task && waitWords(task, tasks, workers, now, limits.get('tasks')?.maxRunning)
  // One without a place in the queue says what it waits for.
  const whyHere = refused ? refused.reason : waits?.place === undefined ? waits?.reason : undefined
  const day = dayOf(task?.completedAt ?? item.at, now)
  const isMine = task === undefined || task.createdBy === claims.principal
  const author = {
    id: task?.createdBy ?? claims.principal,
    name: task?.createdByName ?? claims.name,
    kind: 'person',
  } as const
  return (
    <>
      <div className={styles.cardLine}>
        <button
          type="button"
          className={styles.fold}
          aria-expanded={isExpanded}
          aria-label={isExpanded ? 'Show less' : 'Show more'}
          tabIndex={isStop ? 0 : -1}
          onClick={onToggle}
        >
          <ChevronRight size={13} aria-hidden data-open={isExpanded} />
        </button>
        <button
          type="button"
          className={styles.cardMain}
          aria-current={isSelected}
          tabIndex={isStop ? 0 : -1}
          data-card={id}
          title={waits?.reason ?? (refused && refusalWords(refused))}
          onClick={onSelect}
        >
          <StateGlyph tone={tone} />
          <code className={styles.command}>{titleOf(item.payload)}</code>
          <span className={styles.word} data-tone={tone}>
            {word}
          </span>
          {task !== undefined && task.attempt > 1 && <span className={styles.badge}>attempt {task.attempt}</span>}
          {item.payload && item.payload.kind !== 'command' && <span className={styles.badge}>{item.payload.kind}</span>}
          {task?.groupId !== undefined && <span className={styles.badge}>group</span>}
          <SandboxBadge task={task} />
          {whyHere === undefined ? (
            <span className={styles.meta} title={whenWords(item, now)}>
              {waits?.place ?? (task && timeLine(task, now)) ?? `created ${relativeTime(item.at, now)}`}
              {task?.completedAt !== undefined && day !== undefined && ` · ${day}`}
            </span>
          ) : (
            <span className={`${styles.meta} ${styles.whyHere}`}>{visibleText(whyHere)}</span>
          )}
          <span className={styles.who}>
            <AuthorMark kind="person" hue={session.hueOf(author)} />
            <span className="visually-hidden">by </span>
            {isMine ? 'You' : author.name}
          </span>
        </button>
      </div>
      {isExpanded && <TaskFacts item={item} waits={waits?.reason ?? (refused && refusalWords(refused))} now={now} />}
    </>
  )
}

/** "Created today at 14:03, ended today at 14:05". */
const whenWords = ({ task, at }: TaskItem, now: number): string =>
  [`Created ${exactTime(at, now)}`, task?.completedAt !== undefined && `ended ${exactTime(task.completedAt, now)}`]
    .filter(Boolean)
    .join(', ')
