import { commandLine } from '@tandem/shared'
import type { Approval } from '@tandem/shared/docs'
import { useState } from 'react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import styles from './tasks.module.css'

/** The questions that wait for a person, the oldest first. Shown on every device; the first answer wins. */
export function usePendingApprovals(): readonly Approval[] {
  const approvals = useView(useSession().ops.approvals)
  return [...approvals.values()].filter((a) => a.state === 'pending').toSorted((a, b) => a.createdAt - b.createdAt)
}

/** One question: the exact command, where it would run, and why it is asked. */
export function ApprovalCard({ approval }: { approval: Approval }) {
  const session = useSession()
  const task = useView(session.tasks).get(approval.subject.task)
  const [answered, setAnswered] = useState<'approve' | 'reject'>()
  const folder = task?.payload.kind === 'command' && task.payload.cwd !== '' ? task.payload.cwd : 'the workspace folder'
  const answer = (kind: 'approve' | 'reject') => {
    setAnswered(kind)
    session.requests.ask({ kind, approval: approval.id })
  }
  return (
    <section className={styles.approval} data-risk={approval.risk} aria-label="A command needs your approval">
      <h2>{task ? `${task.createdByName} wants to run a command` : 'A command needs your approval'}</h2>
      <pre>{task ? commandLine(task.payload) : approval.summary}</pre>
      <p>
        In {folder}. {approval.reason}
      </p>
      <div className={styles.answers}>
        <Button variant="primary" disabled={answered !== undefined} onClick={() => answer('approve')}>
          Allow once
        </Button>
        <Button disabled={answered !== undefined} onClick={() => answer('reject')}>
          Deny
        </Button>
        {answered !== undefined && (
          <span className={styles.meta}>{answered === 'approve' ? 'Allowing…' : 'Denying…'}</span>
        )}
      </div>
    </section>
  )
}

/** Says politely, to those who hear the page, that something waits for an answer. */
export function ApprovalAnnouncement() {
  const count = usePendingApprovals().length
  return (
    <Announce text={count === 0 ? '' : `${count} ${count === 1 ? 'command waits' : 'commands wait'} for approval`} />
  )
}
