import { isHeld, type Id, type Task, visibleText } from '@tandem/shared'
import type { ReactNode } from 'react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { exactTime, shortTime } from '../ui/exact-time.ts'
import { duration, limitWords, relativeTime } from '../ui/relative-time.ts'
import { isFailure, payloadWords, whyOf } from './describe.ts'
import { reach } from './grants.ts'
import type { TaskItem } from './items.ts'
import styles from './tasks.module.css'

type TaskFactsProps = { item: TaskItem; waits: string | undefined; now: number }

/** All that is known of a task beside its output: what it runs, for whom, where, when, and why it is as it is. */
export function TaskFacts({ item: { task, payload, at }, waits, now }: TaskFactsProps) {
  const daemons = useView(useSession().ops.daemons)
  const nameOf = (id: Id) => daemons.get(id)?.name ?? 'a daemon'
  const daemonId = task?.attempts.at(-1)?.daemonId ?? task?.lease?.daemonId
  const why = task && whyOf(task)
  return (
    <div className={styles.facts}>
      {payload && (
        <pre className={styles.prompt} aria-label={payloadWords(payload).kind}>
          {visibleText(payloadWords(payload).text)}
        </pre>
      )}
      <dl>
        <Fact name="by">{visibleText(task?.createdByName ?? 'you')}</Fact>
        {payload && <Fact name="as">{payloadWords(payload).kind}</Fact>}
        <Fact name="in">
          {payload?.kind === 'command' && payload.cwd !== '' ? visibleText(payload.cwd) : 'the workspace folder'}
        </Fact>
        {daemonId !== undefined && <Fact name="on">{nameOf(daemonId)}</Fact>}
        <Fact name="created">
          <time dateTime={new Date(at).toISOString()} title={exactTime(at, now)}>
            {relativeTime(at, now)}
          </time>
        </Fact>
        {task && <Course task={task} now={now} />}
        {task?.timeoutMs !== undefined && !isHeld(task.state) && (
          <Fact name="may take">{limitWords(task.timeoutMs)}</Fact>
        )}
        {task && task.attempt > 1 && <Fact name="attempt">{task.attempt}</Fact>}
        {task && task.priority !== 0 && <Fact name="priority">{task.priority}</Fact>}
        {task && task.requires.length > 0 && <Fact name="needs">{task.requires.map(visibleText).join(', ')}</Fact>}
        {task?.target && <Fact name="meant for">{nameOf(task.target.daemonId)}</Fact>}
      </dl>
      {waits !== undefined && <p>{visibleText(waits)}</p>}
      {task &&
        why !== undefined &&
        (isFailure(task) ? <p className={styles.why}>error: {visibleText(why)}</p> : <p>{visibleText(why)}</p>)}
    </div>
  )
}

/** When it was queued, started and ended, how long it waited for that, and, while it runs, how long it may. */
export function Course({ task, now }: { task: Task; now: number }) {
  const { createdAt, queuedAt, startedAt, completedAt, attempt, state, timeoutMs } = task
  const moments = [
    // One that waited first is not as old as its place in the queue.
    ['asked', queuedAt !== undefined && queuedAt - createdAt >= 1_000 ? createdAt : undefined],
    ['queued', queuedAt],
    ['started', startedAt],
    ['ended', completedAt],
  ] as const
  return (
    <>
      {moments.map(
        ([name, at]) =>
          at !== undefined && (
            <Fact key={name} name={name}>
              <time dateTime={new Date(at).toISOString()} title={exactTime(at, now)}>
                {shortTime(at, now)}
              </time>
            </Fact>
          ),
      )}
      {startedAt !== undefined && attempt === 1 && <Fact name="waited">{duration(startedAt - createdAt)}</Fact>}
      {isHeld(state) && timeoutMs !== undefined && <Fact name="may take">{limitWords(timeoutMs)}</Fact>}
      <Allowed task={task} />
      {task.result?.sandbox && <Fact name="sandbox">{task.result.sandbox}</Fact>}
    </>
  )
}

/** Who said yes to it, where somebody was asked, and how far that reaches. */
function Allowed({ task }: { task: Task }) {
  const approvals = useView(useSession().ops.approvals)
  const approval = task.approvalId === undefined ? undefined : approvals.get(task.approvalId)
  if (approval?.state === 'approved')
    return (
      <Fact name="allowed by">
        {[visibleText(approval.byName ?? 'somebody'), reach[approval.scope ?? 'once']].filter(Boolean).join(', ')}
      </Fact>
    )
  return (
    approval?.state === 'revoked' && (
      <Fact name="allowed">until {visibleText(approval.byName ?? 'somebody')} took it back</Fact>
    )
  )
}

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)
