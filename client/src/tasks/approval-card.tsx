import { atLeast, commandLine, visibleText } from '@tandem/shared'
import type { Approval } from '@tandem/shared/docs'
import { useId, useState } from 'react'
import { useMirrors } from '../session/mirrors.ts'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import { useFocusAfter } from '../ui/use-focus-after.ts'
import { Circumstances, thingWords } from './asked.tsx'
import { callOf } from './asked-call.ts'
import { callScopes, daemonOf, scopes, type AnyScope } from './grants.ts'
import styles from './tasks.module.css'

/** The questions that wait for a person, the oldest first. Shown on every device; the first answer wins. */
export function usePendingApprovals(): readonly Approval[] {
  const approvals = useView(useSession().ops.approvals)
  return [...approvals.values()].filter((a) => a.state === 'pending').toSorted((a, b) => a.createdAt - b.createdAt)
}

const labels: Readonly<Record<AnyScope, string>> = {
  once: 'Allow once',
  run: 'For this run',
  session: 'For this session',
  workspace: 'For this workspace',
}
const risks = { low: 'low risk', medium: 'medium risk', high: 'high risk' }

/** One question: all that would run, character for character, where and how long, and why it is asked. */
export function ApprovalCard({ approval }: { approval: Approval }) {
  const session = useSession()
  const task = useView(session.tasks).get(approval.subject.task)
  const mirrors = useMirrors()
  const { role } = useView(session.identity).claims
  const isOffline = useView(session.link).phase === 'offline'
  const [answered, setAnswered] = useState<AnyScope | 'deny'>()
  const note = useId()
  // It goes with its answer, whoever gives it: the focus goes to the list, to where one goes back to it, or to where one writes to the agent.
  const card = useFocusAfter<HTMLElement>(
    '[data-monitor], [data-agent]',
    '[data-card][aria-current=true]',
    '[data-back]',
    '[data-reply]',
  )
  const whyNot = atLeast(role, 'runner') ? undefined : `As ${role} you may not answer.`
  const answer = (what: AnyScope | 'deny') => {
    if (answered !== undefined) return
    setAnswered(what)
    session.requests.ask(
      what === 'deny'
        ? { kind: 'reject', approval: approval.id }
        : { kind: 'approve', approval: approval.id, scope: what },
    )
  }
  // Disabled, they would lose the focus.
  const isOver = { 'aria-disabled': answered !== undefined, 'aria-describedby': note }
  // What a task itself wants to be asked about is no rule for others.
  const call = callOf(approval)
  const isOnce = call ? call.isAboutRun : approval.bootId === undefined
  const offered: readonly AnyScope[] = isOnce ? ['once'] : call ? callScopes : scopes
  const on = approval.bootId && mirrors.find(({ bootId }) => bootId === approval.bootId)
  const thing = task ? thingWords(task.payload) : 'a command'
  return (
    <section
      ref={card}
      className={styles.approval}
      data-risk={approval.risk}
      aria-label={call?.title ?? `${thing.charAt(0).toUpperCase()}${thing.slice(1)} needs your approval`}
    >
      <h2>
        {call
          ? call.title
          : task
            ? `${visibleText(task.createdByName)} wants to run ${thing}${on ? ` on ${on.name}` : ''}`
            : 'A command needs your approval'}
        <span className={styles.risk}>{risks[approval.risk]}</span>
      </h2>
      <pre aria-label="What would run">{visibleText(task && !call ? commandLine(task.payload) : approval.summary)}</pre>
      {task && !call && <Circumstances task={task} />}
      {task?.gate && !call && <p className={styles.asked}>{visibleText(task.gate.summary)}</p>}
      <p>
        {visibleText(approval.reason)
          .split('`')
          .map((part, i) => (i % 2 === 1 ? <code key={i}>{part}</code> : part))}
      </p>
      <p className={styles.note} id={note}>
        {whyNot ?? call?.note ?? notes(approval, daemonOf(approval.bootId, mirrors))}
      </p>
      <div className={styles.answers} role="group" aria-label="Your answer">
        {offered.map((scope) => (
          // The summary may be cut: what is not here whole cannot be allowed from here.
          <Button
            key={scope}
            {...isOver}
            variant={scope === 'once' ? 'primary' : 'plain'}
            aria-label={scope === 'once' ? undefined : `Allow ${labels[scope].toLowerCase()}`}
            disabled={!task || whyNot !== undefined}
            onClick={() => answer(scope)}
          >
            {labels[scope]}
          </Button>
        ))}
        <Button {...isOver} disabled={whyNot !== undefined} onClick={() => answer('deny')}>
          Deny
        </Button>
        {answered !== undefined && (
          <span className={styles.note} role="status">
            {isOffline ? 'Sent when the connection is back.' : answered === 'deny' ? 'Denying…' : 'Allowing…'}
          </span>
        )}
      </div>
    </section>
  )
}

const notes = ({ bootId }: Approval, daemon: string): string =>
  bootId === undefined
    ? 'Allowing covers running it again.'
    : `Once covers running it again. The others cover exactly this, from anybody: for the session until ${daemon} starts anew, a week at most; for the workspace until it is taken back.`
