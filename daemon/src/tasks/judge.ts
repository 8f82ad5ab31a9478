import { createHash } from 'node:crypto'
import { commandLine, type Task } from '@tandem/shared'
import type { Approval } from '@tandem/shared/docs'
import { isProgram } from '../bash/programs.ts'
import { decideLine } from '../sandbox/decide-line.ts'
import { decide } from '../sandbox/decide.ts'
import type { Policy } from '../sandbox/policy.ts'

/** What to do with a task before anyone claims it. */
export type Judgement =
  | { decision: 'run' }
  | { decision: 'refuse'; code: string; reason: string }
  | { decision: 'ask'; argsHash: string; summary: string; reason: string; risk: Approval['risk'] }

type JudgeOptions = {
  policy: Policy
  /** This daemon's session: a yes may hold for as long as it lasts. */
  bootId: string
  /** Why nothing can be run here at all, where that is so: no sandbox, or nobody knows what the policy is. */
  unavailable?: { code: string; reason: string } | undefined
}

/**
 * Judges a task by the owner's policy. What the policy asks about runs once a person has allowed exactly these
 * arguments, for this task, for all that this session of the daemon is given, or for the whole workspace.
 */
export function judge(
  task: Task,
  approvals: Iterable<Approval>,
  { policy, bootId, unavailable }: JudgeOptions,
): Judgement {
  if (task.executor !== 'daemon')
    return refuse('not-supported', `tasks for the executor '${task.executor}' come with a later version`)
  if (task.payload.kind === 'agent')
    return refuse('not-supported', `tasks of kind '${task.payload.kind}' come with a later version`)
  // Lines of the virtual shell start nothing; programs in them are refused in words.
  const isBeside = task.payload.kind === 'bash' && unavailable?.code === 'sandbox-unavailable'
  if (unavailable && !isBeside) return refuse(unavailable.code, unavailable.reason)
  const { decision, rule, reason } = decideOn(task.payload, policy)
  if (decision === 'allow') return { decision: 'run' }
  if (decision === 'deny') return refuse('command-denied', reason)
  const { payload, timeoutMs, artifacts } = task
  // All that a person is asked about.
  const argsHash = hashOf({ payload, timeoutMs, artifacts })
  const reaches = (a: Approval) =>
    a.subject.task === task.id || a.scope === 'workspace' || (a.scope === 'session' && a.bootId === bootId)
  for (const a of approvals)
    if (a.state === 'approved' && a.argsHash === argsHash && reaches(a)) return { decision: 'run' }
  const risk = ['default', 'unresolved', 'mode', 'serve'].includes(rule) ? 'medium' : 'high'
  return {
    decision: 'ask',
    argsHash,
    summary: commandLine(task.payload).slice(0, 2000),
    reason: sentence(reason.slice(0, 490)),
    risk,
  }
}

/** Code is judged as what would run it: whoever may not start node does not so either. */
export const runsCode = ['node', '-']

function decideOn(payload: Exclude<Task['payload'], { kind: 'agent' }>, policy: Policy) {
  if (payload.kind === 'code') return decide(policy, runsCode)
  if (payload.kind === 'bash') return decideLine(policy, payload.script, isProgram)
  const { command, args, shell, env, network, ports } = payload
  return decide(policy, shell ? command : [command, ...args], { env, network, ports })
}

const refuse = (code: string, reason: string): Judgement => ({ decision: 'refuse', code, reason: reason.slice(0, 500) })

/** As a person reads it on the approval. */
const sentence = (reason: string) => `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`

/** The same for the same arguments, in whatever order their names stand. */
function hashOf(asked: Pick<Task, 'payload' | 'timeoutMs' | 'artifacts'>): string {
  const sorted = (value: unknown): unknown =>
    Array.isArray(value) || typeof value !== 'object' || value === null
      ? value
      : Object.fromEntries(
          Object.entries(value)
            .toSorted(([a], [b]) => (a < b ? -1 : 1))
            .map(([k, v]) => [k, sorted(v)]),
        )
  return createHash('sha256')
    .update(JSON.stringify(sorted(asked)))
    .digest('hex')
}
