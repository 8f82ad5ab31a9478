import { atLeast, isTerminal, type Id, type Task } from '@tandem/shared'
import type { Request, RequestBody } from '@tandem/shared/docs'
import { keepAnswer } from './answers.ts'
import { decide, revoke } from './approvals.ts'
import { without } from './attempts.ts'
import { create, rerun } from './create.ts'
import { whyNotAgain } from './dependencies.ts'
import { placeOf } from './places.ts'
import type { RefereePorts, Requester, Turn } from './ports.ts'

/**
 * Does what one request asks for, once. A request that may not be done, or no longer makes sense, is dropped with its
 * reason in the audit log: its document is the requester's own, so nothing is shown to others. `circular`: new tasks
 * that wait for each other.
 */
export function foldRequest(
  ports: RefereePorts,
  turn: Turn,
  by: Requester,
  id: Id,
  { body }: Request,
  circular: ReadonlySet<Id>,
): void {
  if (ports.folded.has(id)) return
  ports.folded.add(id)
  const reason = circular.has(id)
    ? 'it depends on tasks that wait for it, or on itself: none of them could start'
    : doAsAsked(ports, turn, by, id, body)
  if (reason !== undefined)
    ports.audit({ actor: by.id, action: `request.${body.kind}.refused`, object: id, details: { reason } })
}

/** Of these the board alone is asked, which reads what the turn has written; other records read as they stood before it. */
const manyInTurn: ReadonlySet<RequestBody['kind']> = new Set(['create', 'rerun', 'cancel', 'cancel-many', 'retry'])
const mostInTurn = 50

/** Requests in the order of `ids`, those of one turn together: each turn waits for the disk. */
export function inBatches(ids: readonly Id[], requests: ReadonlyMap<string, Request>): [Id, Request][][] {
  const batches: [Id, Request][][] = []
  const isOpen = (batch: [Id, Request][]) => batch.every(([, { body }]) => manyInTurn.has(body.kind))
  for (const id of ids) {
    const request = requests.get(id)
    if (!request) continue
    const last = batches.at(-1)
    if (last && last.length < mostInTurn && isOpen([...last.slice(-1), [id, request]])) last.push([id, request])
    else batches.push([[id, request]])
  }
  return batches
}

/** Answers why not, in words, where it may not be done. */
function doAsAsked(ports: RefereePorts, turn: Turn, by: Requester, id: Id, body: RequestBody): string | undefined {
  const isRunner = atLeast(by.role, 'runner')
  switch (body.kind) {
    case 'create':
      return create(ports, turn, by, id, body.task, body.rerunOf)
    case 'rerun':
      return isRunner ? rerun(ports, turn, by, id, body.task) : 'running tasks needs the role runner'
    case 'cancel': {
      const task = turn.board.get(body.task)
      if (!isRunner && task?.createdBy !== by.id) return 'cancelling tasks of others needs the role runner'
      return task && cancel(turn, by, task, body.force) ? undefined : 'there is no such task under way'
    }
    case 'cancel-many': {
      const asked = chosen(turn, body)
      const tasks = asked.filter(({ createdBy }) => isRunner || createdBy === by.id)
      if (tasks.length === 0 && asked.length > 0) return 'cancelling tasks of others needs the role runner'
      for (const task of tasks) cancel(turn, by, task, body.force)
      return tasks.length === 0 ? 'there are no such tasks under way' : undefined
    }
    case 'retry': {
      if (!isRunner) return 'running tasks needs the role runner'
      const task = turn.board.get(body.task)
      const reason = task && whyNotAgain(turn.board, task)
      if (reason !== undefined) return reason
      return task && retry(ports, turn, by, task) ? undefined : 'there is no such task that has ended'
    }
    case 'wake': {
      if (!isRunner) return 'running tasks needs the role runner'
      const task = turn.board.get(body.task)
      if (task?.state !== 'scheduled') return 'there is no such task that waits for its time'
      turn.change(task, { t: 'wake', to: placeOf(ports, turn, without(task, 'runAt')) }, by.id)
      return undefined
    }
    case 'drain':
      return drain(ports, by, body)
    case 'approve':
    case 'reject': {
      if (!isRunner) return 'deciding needs the role runner'
      const answer =
        body.kind === 'approve'
          ? { approval: body.approval, yes: true, scope: body.scope, comment: body.comment }
          : { approval: body.approval, yes: false, comment: body.reason }
      return decide(ports, turn, by, answer) ? undefined : 'the question is no longer open'
    }
    case 'revoke':
      if (!isRunner) return 'deciding needs the role runner'
      return revoke(ports, turn, by, body.approval) ? undefined : 'there is no such approval that still holds'
    case 'answer':
      return keepAnswer(ports, turn, by, body)
    default:
      return body satisfies never
  }
}

/** Those under way that are named, or of the group, or with neither all; the newest first, so that each is told of itself. */
function chosen({ board }: Turn, { tasks, group }: Extract<RequestBody, { kind: 'cancel-many' }>): Task[] {
  const named = tasks && new Set(tasks)
  return [...board.waiting(), ...board.held()]
    .filter(({ id, groupId }) => (named ? named.has(id) : group === undefined || groupId === group))
    .toSorted((a, b) => (a.id < b.id ? 1 : -1))
}

function cancel(turn: Turn, by: Requester, task: Task, force: boolean): Task | undefined {
  const after = turn.change(task, { t: 'cancel', by: by.id, force }, by.id)
  const { id, attempt, lease } = task
  if (after && lease) turn.tell(lease.daemonId, { t: 'cancel', task: id, attempt, force })
  return after
}

function retry(ports: RefereePorts, turn: Turn, by: Requester, task: Task): Task | undefined {
  if (!isTerminal(task.state)) return undefined
  const to = placeOf(ports, turn, without(task, 'runAt', 'retries'))
  return turn.change(task, { t: 'retry', to }, by.id)
}

/** Whose it is says what a daemon begins; so does who owns the workspace. */
function drain(
  { daemons, ownerOf, audit }: RefereePorts,
  by: Requester,
  { daemon: id, on }: Extract<RequestBody, { kind: 'drain' }>,
): string | undefined {
  const daemon = daemons.get(id)
  if (!daemon) return 'there is no such daemon'
  if (!atLeast(by.role, 'owner') && by.id !== id && by.id !== ownerOf(id))
    return 'only its owner, or an owner of the workspace, says what a daemon begins'
  if ((daemon.draining ?? false) === on) return undefined
  daemons.set(id, { ...daemon, draining: on })
  audit({ actor: by.id, action: on ? 'daemon.drain' : 'daemon.resume', object: id })
  return undefined
}
