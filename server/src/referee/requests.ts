import { atLeast, isTerminal, type Id, type Role, type Task, type TaskInput } from '@tandem/shared'
import type { Request } from '@tandem/shared/docs'
import { keepAnswer } from './answers.ts'
import { decide } from './approvals.ts'
import type { RefereePorts, Turn } from './turn.ts'

export type Requester = { id: Id; name: string; role: Role }

/** More waiting tasks than this are refused: a loop that creates tasks must not fill the document. */
export const maxWaiting = 1_000

/**
 * Does what one request asks for, once. A request that may not be done, or no longer makes sense, is dropped with its
 * reason in the audit log: its document is the requester's own, so nothing is shown to others.
 */
export function foldRequest(ports: RefereePorts, turn: Turn, by: Requester, id: Id, { body }: Request): void {
  if (ports.folded.has(id)) return
  ports.folded.add(id)
  const refuse = (reason: string) => {
    ports.audit({ actor: by.id, action: `request.${body.kind}.refused`, object: id, details: { reason } })
  }
  const isRunner = atLeast(by.role, 'runner')
  switch (body.kind) {
    case 'create': {
      if (!isRunner) return refuse('creating tasks needs the role runner')
      if (ports.tasks.get(id) || sameKey(ports, by.id, body.task)) return
      if (countWaiting(ports) >= maxWaiting) return refuse('too many tasks are waiting')
      if (!ports.mayCreate(by.id)) return refuse('too many tasks created within a minute')
      return create(ports, turn, by, id, body.task)
    }
    case 'cancel': {
      const task = ports.tasks.get(body.task)
      if (!isRunner && task?.createdBy !== by.id) return refuse('cancelling tasks of others needs the role runner')
      const after = task && turn.change(task, { t: 'cancel', by: by.id, force: body.force }, by.id)
      if (!after) return refuse('there is no such task under way')
      if (task.lease) {
        turn.tell(task.lease.daemonId, { t: 'cancel', task: task.id, attempt: task.attempt, force: body.force })
      }
      return
    }
    case 'retry': {
      if (!isRunner) return refuse('running tasks needs the role runner')
      const task = ports.tasks.get(body.task)
      if (!task || !turn.change(task, { t: 'retry' }, by.id)) refuse('there is no such task that has ended')
      return
    }
    case 'rerun':
    case 'cancel-many':
    case 'drain':
      return refuse('not known here yet')
    case 'approve':
    case 'reject': {
      if (!isRunner) return refuse('deciding needs the role runner')
      const answer =
        body.kind === 'approve'
          ? { approval: body.approval, yes: true, scope: body.scope }
          : { approval: body.approval, yes: false, reason: body.reason }
      if (!decide(ports, turn, by, answer)) refuse('the question is no longer open')
      return
    }
    case 'answer': {
      const reason = keepAnswer(ports, turn, by, body)
      if (reason !== undefined) refuse(reason)
      return
    }
    default:
      return body satisfies never
  }
}

function create(
  { tasks, settings, workspaceId, audit }: RefereePorts,
  turn: Turn,
  by: Requester,
  id: Id,
  input: TaskInput,
) {
  tasks.set(id, {
    ...input,
    timeoutMs: input.timeoutMs ?? settings.taskTimeoutMs,
    v: 1,
    id,
    workspaceId,
    state: 'queued',
    attempt: 0,
    attempts: [],
    createdBy: by.id,
    createdByName: by.name,
    createdAt: turn.now,
    queuedAt: turn.now,
  })
  audit({ actor: by.id, action: 'task.create', object: id, details: { kind: input.payload.kind, title: input.title } })
}

/** The same idempotency key of the same person means the same task. */
const sameKey = ({ tasks }: RefereePorts, by: Id, { idempotencyKey }: TaskInput): Task | undefined =>
  idempotencyKey === undefined
    ? undefined
    : [...tasks.snapshot().values()].find((t) => t.idempotencyKey === idempotencyKey && t.createdBy === by)

const countWaiting = ({ tasks }: RefereePorts): number =>
  [...tasks.snapshot().values()].filter((t) => !isTerminal(t.state)).length
