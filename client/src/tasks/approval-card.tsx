import { commandLine, type Task, visibleText } from '@tandem/shared'
import type { Approval } from '@tandem/shared/docs'
import { useState } from 'react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { duration } from '../ui/relative-time.ts'
import styles from './tasks.module.css'

/** The questions that wait for a person, the oldest first. Shown on every device; the first answer wins. */
export function usePendingApprovals(): readonly Approval[] {
  const approvals = useView(useSession().ops.approvals)
  return [...approvals.values()].filter((a) => a.state === 'pending').toSorted((a, b) => a.createdAt - b.createdAt)
}

/** One question: all that would run, character for character, where and how long, and why it is asked. */
export function ApprovalCard({ approval }: { approval: Approval }) {
  const session = useSession()
  const task = useView(session.tasks).get(approval.subject.task)
  const [answered, setAnswered] = useState<'approve' | 'reject'>()
  const answer = (kind: 'approve' | 'reject') => {
    setAnswered(kind)
    session.requests.ask({ kind, approval: approval.id })
  }
  return (
    <section className={styles.approval} data-risk={approval.risk} aria-label="A command needs your approval">
      <h2>{task ? `${visibleText(task.createdByName)} wants to run a command` : 'A command needs your approval'}</h2>
      <pre>{visibleText(task ? commandLine(task.payload) : approval.summary)}</pre>
      {task && <Circumstances task={task} />}
      {task?.gate && <p className={styles.asked}>{visibleText(task.gate.summary)}</p>}
      <p>
        {visibleText(approval.reason)
          .split('`')
          .map((part, i) => (i % 2 === 1 ? <code key={i}>{part}</code> : part))}
      </p>
      <div className={styles.answers}>
        {/* The summary may be cut: what is not here whole cannot be allowed from here. */}
        <Button variant="primary" disabled={answered !== undefined || !task} onClick={() => answer('approve')}>
          Allow for this task
        </Button>
        <Button disabled={answered !== undefined} onClick={() => answer('reject')}>
          Deny
        </Button>
        <span className={styles.note}>
          {answered === undefined
            ? 'Allowing covers running it again.'
            : answered === 'approve'
              ? 'Allowing…'
              : 'Denying…'}
        </span>
      </div>
    </section>
  )
}

/** What beside the command decides what happens: the folder, the time it gets, its environment, and what it may reach. */
function Circumstances({ task: { payload, timeoutMs, artifacts = [] } }: { task: Task }) {
  const folder = payload.kind === 'command' && payload.cwd !== '' ? visibleText(payload.cwd) : 'the workspace folder'
  const env = payload.kind === 'command' ? Object.entries(payload.env ?? {}) : []
  const ports = payload.kind === 'command' ? (payload.ports ?? []) : []
  const network = payload.kind === 'command' ? (payload.network ?? []) : []
  return (
    <>
      <p>
        In {folder}
        {payload.kind === 'command' && payload.terminal && ', at a terminal'}
        {timeoutMs !== undefined && `, for at most ${duration(timeoutMs)}`}
        {env.length > 0 && ', with these variables set'}.
      </p>
      {env.length > 0 && (
        <pre aria-label="Variables">{env.map(([name, value]) => oneLine(`${name}=${value}`)).join('\n')}</pre>
      )}
      {network.length > 0 && (
        <>
          <p>It may reach these hosts, and send them whatever it can read:</p>
          <pre aria-label="Hosts">{network.map(oneLine).join('\n')}</pre>
        </>
      )}
      {ports.length > 0 && (
        <p>
          Its machine reaches it at the {ports.length === 1 ? 'port' : 'ports'} {ports.join(', ')}.
        </p>
      )}
      {artifacts.length > 0 && (
        <>
          <p>These files are kept, for everybody here to download:</p>
          <pre aria-label="Files to be kept">{artifacts.map(oneLine).join('\n')}</pre>
        </>
      )}
    </>
  )
}

/** A value with line ends must not look like two variables. */
const oneLine = (text: string) => visibleText(text).replaceAll('\n', '⟨U+000A⟩')

/** Says politely, to those who hear the page, that something waits for an answer. */
export function ApprovalAnnouncement() {
  const count = usePendingApprovals().length
  return (
    <Announce text={count === 0 ? '' : `${count} ${count === 1 ? 'command waits' : 'commands wait'} for approval`} />
  )
}
