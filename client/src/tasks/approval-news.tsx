import { visibleText, type Id } from '@tandem/shared'
import { useEffect, useRef } from 'react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Announce } from '../ui/announce.tsx'
import { toast } from '../ui/toast.ts'
import { usePendingApprovals } from './approval-card.tsx'
import { titleOf } from './describe.ts'
import { answerWords } from './grants.ts'

/**
 * Says politely, to those who hear the page, that something waits for an answer; and to everybody who had the question
 * before them what somebody else answered.
 */
export function ApprovalNews() {
  const { ops, tasks, identity } = useSession()
  const approvals = useView(ops.approvals)
  const pending = usePendingApprovals()
  const { principal } = useView(identity).claims
  const asked = useRef<ReadonlySet<Id>>(new Set())
  useEffect(() => {
    for (const id of asked.current) {
      const approval = approvals.get(id)
      if (!approval || approval.state === 'pending' || approval.by === undefined || approval.by === principal) continue
      const title = titleOf(tasks.get(approval.subject.task)?.payload) || visibleText(approval.summary)
      toast(`${title.slice(0, 80)}: ${answerWords(approval) ?? 'answered'}.`)
    }
    asked.current = new Set([...approvals.values()].filter((a) => a.state === 'pending').map(({ id }) => id))
  }, [approvals, tasks, principal])
  const count = pending.length
  return (
    <Announce text={count === 0 ? '' : `${count} ${count === 1 ? 'command waits' : 'commands wait'} for approval`} />
  )
}
