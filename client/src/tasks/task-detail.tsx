import { isTerminal, type Id, type Task, type TaskPayload, visibleText } from '@tandem/shared'
import { ChevronLeft, X } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import { Empty } from '../ui/states.tsx'
import { useTick } from '../ui/relative-time.ts'
import { ApprovalCard, usePendingApprovals } from './approval-card.tsx'
import { Artifacts } from './artifacts.tsx'
import { Attempts, Timeline } from './attempts.tsx'
import { endWords, lookOfTask, timeLine, titleOf } from './describe.ts'
import { Execution } from './execution.tsx'
import { refusedTask, wantsTask, type TaskItem } from './items.ts'
import { waitWords, workersOf } from './queue.ts'
import { Reasons, UnkeptNote } from './reasons.tsx'
import { RefusalNotes, RefusedDetail } from './refusals.tsx'
import { StateGlyph } from './state-glyph.tsx'
import { TaskActions } from './task-actions.tsx'
import { Course } from './task-facts.tsx'
import type { TaskPlace } from './task-link.ts'
import styles from './tasks.module.css'
import { AttemptView } from './terminal/attempt-view.tsx'

type TaskDetailProps = {
  item: TaskItem
  /** The attempt and line that an address asked for. */
  place?: TaskPlace | undefined
  onBack: () => void
  onRerun: (id: Id) => void
  onDuplicate: (payload: TaskPayload, timeoutMs: number | undefined) => void
}

/** One task with its output as it comes, how it stands and why, and what can be done with it. */
export function TaskDetail({ item, place, onBack, onRerun, onDuplicate }: TaskDetailProps) {
  const session = useSession()
  const link = useView(session.link)
  const daemons = useView(session.ops.daemons)
  const [chosen, setChosen] = useState(place?.attempt)
  const refusals = useView(session.requests.refusals)
  const { task } = item
  if (item.refused) return <RefusedDetail item={item} onBack={onBack} onAsked={onRerun} onDuplicate={onDuplicate} />
  const title = titleOf(item.payload)
  const back = (
    <button type="button" className={styles.back} data-back onClick={onBack}>
      <ChevronLeft size={15} aria-hidden /> Tasks
    </button>
  )
  if (!task) {
    return (
      <section className={styles.detail} aria-label={`Task ${title}`}>
        {back}
        <Empty
          action={
            link.phase === 'offline' && (
              <Button onClick={() => session.requests.drop([item.id])}>
                <X size={12} aria-hidden /> Withdraw
              </Button>
            )
          }
        >
          {link.phase === 'connected'
            ? 'Asking the server to run it…'
            : 'This command is kept here. It will be sent when the connection is back.'}
          <br />
          <code>{title}</code>
        </Empty>
      </section>
    )
  }
  const nameOfDaemon = (id: Id) => visibleText(daemons.get(id)?.name ?? 'a daemon')
  const attempt = task.attempts.some(({ n }) => n === chosen) ? (chosen ?? task.attempt) : task.attempt
  const entry = task.attempts.find(({ n }) => n === attempt)
  const isLast = attempt === task.attempt
  return (
    <section className={styles.detail} aria-label={`Task ${title}`}>
      <header className={styles.detailBar}>
        {back}
        <Headline task={task} title={title} />
        <TaskActions task={task} onRerun={onRerun} onDuplicate={onDuplicate} />
      </header>
      <RefusalNotes refusals={[...refusals.values()].filter((r) => !wantsTask(r) && refusedTask(r) === task.id)} />
      <Standing task={task} nameOfDaemon={nameOfDaemon} />
      <Reasons task={task} onDuplicate={onDuplicate} />
      {task.attempts.length > 1 && (
        <Attempts task={task} shown={attempt} nameOfDaemon={nameOfDaemon} onShow={setChosen} />
      )}
      {isLast && <Execution task={task} />}
      <Artifacts task={task} />
      <UnkeptNote output={entry?.output ?? (isLast ? task.result?.output : undefined)} />
      {attempt > 0 ? (
        <AttemptView
          key={`${task.id}.${attempt}`}
          task={task}
          attempt={attempt}
          output={entry?.output ?? (isLast ? task.result?.output : undefined)}
          tail={isLast ? task.result?.output?.tail : undefined}
          at={place?.attempt === undefined || place.attempt === attempt ? place?.at : undefined}
        />
      ) : (
        <NotBegun task={task} />
      )}
    </section>
  )
}

function Headline({ task, title }: { task: Task; title: string }) {
  const session = useSession()
  useTick(1_000, !isTerminal(task.state))
  const { tone, word } = lookOfTask(task)
  return (
    <>
      <StateGlyph tone={tone} />
      <code className={styles.command} title={title}>
        {title}
      </code>
      <span className={styles.word} data-tone={tone}>
        {word}
      </span>
      {!isTerminal(task.state) && <span className={styles.meta}>{timeLine(task, session.serverNow())}</span>}
      <span className={styles.grow} />
    </>
  )
}

/** Where a task stands, in one line: why it waits and its place in the queue, or how it ended; and its course in time. */
function Standing({ task, nameOfDaemon }: { task: Task; nameOfDaemon: (id: Id) => string }) {
  const session = useSession()
  const tasks = useView(session.tasks)
  const daemons = useView(session.ops.daemons)
  const members = useView(session.ops.members)
  const limits = useView(session.ops.limits)
  const { claims } = useView(session.identity)
  useTick(1_000, !isTerminal(task.state))
  const now = session.serverNow()
  const workers = useMemo(() => workersOf(daemons), [daemons])
  const waits = waitWords(task, tasks, workers, now, limits.get('tasks')?.maxRunning)
  const nameOfPerson = (id: Id) => (id === claims.principal ? 'you' : visibleText(members.get(id)?.name ?? 'somebody'))
  const says =
    waits === undefined
      ? endWords(task, nameOfDaemon, nameOfPerson)
      : [waits.reason, waits.place && `${waits.place[0]?.toUpperCase()}${waits.place.slice(1)}.`]
          .filter(Boolean)
          .join(' ')
  return (
    <div className={styles.standing}>
      {says !== undefined && <p>{visibleText(says)}</p>}
      <dl>
        <Course task={task} now={now} />
      </dl>
      {task.startedAt !== undefined && <Timeline task={task} now={now} />}
    </div>
  )
}

/** What stands in the place of output. Why it waits, and why one that is over did not run, stands above it. */
function NotBegun({ task: { id, state } }: { task: Task }) {
  const approval = usePendingApprovals().find(({ subject }) => subject.task === id)
  if (approval) {
    return (
      <div className={styles.question}>
        <ApprovalCard approval={approval} />
      </div>
    )
  }
  if (isTerminal(state)) return <Empty>It did not run.</Empty>
  return <Empty>{state === 'awaiting_approval' ? 'Waits for somebody to allow it.' : 'It has not begun yet.'}</Empty>
}
