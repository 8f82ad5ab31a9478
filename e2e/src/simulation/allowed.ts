import { commandLine, type Task } from '@tandem/shared'
import type { Approval, Ops } from '@tandem/shared/docs'

/** Whether a person said yes to exactly this: to the daemon's question about these arguments, and to the gate of this task. */
export function isAllowed({ id, gate, payload }: Task, { approvals }: Ops): boolean {
  const yes = [...approvals.snapshot().values()].filter(({ state }) => state === 'approved')
  const isGate = ({ argsHash }: Approval) => argsHash.startsWith('gate:')
  const isOpen = !gate || yes.some((a) => isGate(a) && a.subject.task === id && a.summary === gate.summary)
  if (payload.kind !== 'command' || payload.command !== 'asks') return isOpen
  const line = commandLine(payload)
  const isFor = (a: Approval) => a.subject.task === id || a.scope === 'workspace'
  return isOpen && yes.some((a) => !isGate(a) && a.summary === line && isFor(a))
}
