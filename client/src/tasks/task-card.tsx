import { isTerminal } from '@tandem/shared'
import { ChevronRight } from 'lucide-react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { relativeTime, useTick } from '../ui/relative-time.ts'
import { isFailure, lookOf, timeLine, titleOf, whyOf, type TaskItem } from './describe.ts'
import { StateGlyph } from './state-glyph.tsx'
import styles from './tasks.module.css'

type TaskCardProps = {
  item: TaskItem
  isSelected: boolean
  isExpanded: boolean
  onSelect: () => void
  onToggle: () => void
}

/** One task in the list: state, command, who, and how long; unfolded, when and where as well. */
export function TaskCard({ item, isSelected, isExpanded, onSelect, onToggle }: TaskCardProps) {
  const session = useSession()
  const link = useView(session.link)
  const { task } = item
  useTick(1_000, task !== undefined && !isTerminal(task.state))
  const now = session.serverNow()
  const { tone, word } = task
    ? lookOf(task.state)
    : { tone: 'waiting' as const, word: link.phase === 'connected' ? 'asking' : 'waiting for the connection' }
  return (
    <li className={styles.card} data-selected={isSelected || undefined} data-state={task?.state ?? 'asked'}>
      <div className={styles.cardLine}>
        <button
          type="button"
          className={styles.fold}
          aria-expanded={isExpanded}
          aria-label={isExpanded ? 'Show less' : 'Show more'}
          onClick={onToggle}
        >
          <ChevronRight size={13} aria-hidden data-open={isExpanded} />
        </button>
        <button type="button" className={styles.cardMain} aria-current={isSelected} onClick={onSelect}>
          <StateGlyph tone={tone} />
          <code className={styles.command}>{titleOf(item)}</code>
          <span className={styles.word} data-tone={tone}>
            {word}
          </span>
          <span className={styles.meta}>
            {(task && timeLine(task, now)) ?? `created ${relativeTime(item.at, now)}`}
          </span>
        </button>
      </div>
      {isExpanded && <CardFacts item={item} now={now} />}
    </li>
  )
}

function CardFacts({ item: { task, asked, at }, now }: { item: TaskItem; now: number }) {
  const daemons = useView(useSession().ops.daemons)
  const daemonId = task?.attempts.at(-1)?.daemonId ?? task?.lease?.daemonId
  const payload = task?.payload ?? (asked?.body.kind === 'create' ? asked.body.task.payload : undefined)
  const why = task && whyOf(task)
  return (
    <div className={styles.facts}>
      {payload && (
        <pre className={styles.prompt}>
          {payload.kind === 'command'
            ? payload.command
            : payload.kind === 'agent'
              ? payload.prompt
              : payload.kind === 'code'
                ? payload.code
                : payload.script}
        </pre>
      )}
      <dl>
        <Fact name="by">{task?.createdByName ?? 'you'}</Fact>
        <Fact name="in">
          {payload?.kind === 'command' && payload.cwd !== '' ? payload.cwd : 'the workspace folder'}
        </Fact>
        {daemonId !== undefined && <Fact name="on">{daemons.get(daemonId)?.name ?? 'a daemon'}</Fact>}
        <Fact name="created">{relativeTime(at, now)}</Fact>
        {task?.startedAt !== undefined && (
          <Fact name="waited">{((task.startedAt - task.createdAt) / 1000).toFixed(1)} s</Fact>
        )}
        {task && task.attempt > 1 && <Fact name="attempt">{task.attempt}</Fact>}
      </dl>
      {task && why !== undefined && (isFailure(task) ? <p className={styles.why}>error: {why}</p> : <p>{why}</p>)}
    </div>
  )
}

const Fact = ({ name, children }: { name: string; children: React.ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)
