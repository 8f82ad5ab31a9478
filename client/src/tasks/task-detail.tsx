import { atLeast, isTerminal, type Task } from '@tandem/shared'
import { CornerUpRight, RotateCw, Square } from 'lucide-react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import { Empty } from '../ui/states.tsx'
import { useTick } from '../ui/relative-time.ts'
import { isFailure, lookOf, timeLine, titleOf, whyOf, type TaskItem } from './describe.ts'
import { StateGlyph } from './state-glyph.tsx'
import { TaskOutput } from './task-output.tsx'
import styles from './tasks.module.css'

/** One task with its output as it comes, and what can be done with it. */
export function TaskDetail({ item }: { item: TaskItem }) {
  const link = useView(useSession().link)
  const { task } = item
  if (!task) {
    return (
      <Empty>
        {link.phase === 'connected'
          ? 'Asking the server to run it…'
          : 'This command is kept here. It will be sent when the connection is back.'}
        <br />
        <code>{titleOf(item)}</code>
      </Empty>
    )
  }
  return (
    <section className={styles.detail} aria-label={`Task ${titleOf(item)}`}>
      <DetailBar task={task} title={titleOf(item)} />
      <Reasons task={task} />
      {task.attempt > 0 ? (
        <TaskOutput
          key={`${task.id}.${task.attempt}`}
          taskId={task.id}
          attempt={task.attempt}
          isOver={isTerminal(task.state)}
          tail={task.result?.output?.tail}
          truncated={task.result?.output?.truncated ?? false}
        />
      ) : (
        <Empty>{waitingFor(task)}</Empty>
      )}
    </section>
  )
}

function DetailBar({ task, title }: { task: Task; title: string }) {
  const session = useSession()
  const { claims } = useView(session.identity)
  const mayRun = atLeast(claims.role, 'runner')
  const isOver = isTerminal(task.state)
  useTick(1_000, !isOver)
  const { tone, word } = lookOf(task.state)
  return (
    <header className={styles.detailBar}>
      <StateGlyph tone={tone} />
      <code className={styles.command} title={title}>
        {title}
      </code>
      <span className={styles.word} data-tone={tone}>
        {word}
      </span>
      <span className={styles.meta}>{timeLine(task, session.serverNow())}</span>
      <span className={styles.grow} />
      {!isOver && (
        <Button
          variant={task.cancel ? 'danger' : 'plain'}
          disabled={!mayRun}
          onClick={() => session.requests.ask({ kind: 'cancel', task: task.id, force: task.cancel !== undefined })}
        >
          <Square size={12} aria-hidden /> {task.cancel ? 'End it now' : 'Cancel'}
        </Button>
      )}
      {isOver && (
        <Button disabled={!mayRun} onClick={() => session.requests.ask({ kind: 'retry', task: task.id })}>
          <RotateCw size={12} aria-hidden /> Run again
        </Button>
      )}
    </header>
  )
}

function Reasons({ task }: { task: Task }) {
  const why = whyOf(task)
  return (
    <>
      {task.result?.sandbox === 'none' && (
        <p className={styles.unsafe}>This ran without a sandbox: it could reach everything its daemon’s user can.</p>
      )}
      {why !== undefined &&
        (isFailure(task) ? (
          <div className={styles.error} role="alert">
            <span>error:</span> {why}
          </div>
        ) : (
          <p className={styles.stopped}>{why}</p>
        ))}
      {task.result?.wantedNetwork && (
        <p className={styles.hint}>
          <CornerUpRight size={13} aria-hidden /> It looks as if this command needed the network, which the sandbox does
          not give. The owner of the daemon can allow it.
        </p>
      )}
    </>
  )
}

/** What stands in the place of output. The reason of one that is over stands above it, that of a question on its card. */
function waitingFor({ state, reason }: Task): string {
  if (isTerminal(state)) return 'It did not run.'
  if (state === 'awaiting_approval') return 'Waits for somebody to allow it.'
  return reason ?? 'Waits for a daemon that is free to run it.'
}
