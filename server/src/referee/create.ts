import { atLeast, TaskInput, type Id, type Task } from '@tandem/shared'
import { replaceWaiting } from './concurrency.ts'
import { endedBadly, endedOtherwise, whyNotAgain } from './dependencies.ts'
import { placeOf } from './places.ts'
import type { RefereePorts, Requester, Turn } from './ports.ts'

/** More tasks under way than this are refused: a loop that creates tasks must not fill the document. */
export const maxWaiting = 1_000
/** One that is larger, as JSON, is refused: everybody has the document, and a script belongs into a file. */
const maxLength = 2 ** 20

/** Makes the task that was asked for, with the request's id. Answers why not, where it may not be. */
export function create(
  ports: RefereePorts,
  turn: Turn,
  by: Requester,
  id: Id,
  input: TaskInput,
  rerunOf?: Id,
): string | undefined {
  const { settings, workspaceId, archive } = ports
  const { board, now } = turn
  if (!atLeast(by.role, 'runner')) return 'creating tasks needs the role runner'
  // The same idempotency key of the same person means the same task.
  const { idempotencyKey: key } = input
  if (board.get(id) || (key !== undefined && (board.madeWith(by.id, key) ?? archive.madeWith(by.id, key)))) return
  if (JSON.stringify(input).length > maxLength) return 'it is too large: put what it needs into a file'
  const strange = input.dependsOn?.find((other) => !board.get(other))
  if (strange !== undefined) return `it depends on a task that is not there: ${strange}`
  if (board.waiting().length + board.held().length >= maxWaiting) return 'too many tasks are waiting'
  const reason = ports.whyNotCreate(by.id)
  if (reason !== undefined) return reason

  const { delayMs, ...rest } = input
  const runAt = delayMs === undefined ? input.runAt : Math.max(now + delayMs, input.runAt ?? 0)
  const asked = {
    ...rest,
    ...(runAt === undefined ? {} : { runAt }),
    ...timeoutOf(input, settings.taskTimeoutMs),
    ...(isRun(input) ? { onLost: 'requeue' as const } : {}),
    v: 1 as const,
    id,
    workspaceId,
    attempt: 0,
    attempts: [],
    createdBy: by.id,
    createdByName: by.name,
    createdAt: now,
    ...(rerunOf === undefined ? {} : { rerunOf }),
  }
  const task: Task = { ...asked, state: 'blocked' }
  replaceWaiting(ports, turn, task)
  const to = placeOf(ports, turn, task)
  turn.add({ ...task, ...to, ...(to.state === 'queued' ? { queuedAt: now } : {}) }, by.id)
  const bad = endedBadly(board, input.dependsOn)
  if (bad) turn.change(task, { t: 'drop', code: 'dependency', reason: endedOtherwise(bad) }, workspaceId)
  return undefined
}

/** The same once more, now, as a task of its own. Answers why not, where it may not be. */
export function rerun(ports: RefereePorts, turn: Turn, by: Requester, id: Id, of: Id): string | undefined {
  const task = turn.board.get(of)
  if (!task) return 'there is no such task'
  const reason = whyNotAgain(turn.board, task)
  if (reason !== undefined) return reason
  const { delayMs: _, runAt: _at, idempotencyKey: _key, dependsOn, ...input } = TaskInput.parse(task)
  const known = dependsOn?.filter((other) => turn.board.get(other))
  return create(ports, turn, by, id, { ...input, ...(known?.length ? { dependsOn: known } : {}) }, of)
}

/** A run of the agent has bounds of its own, at which people are asked; it goes on from its document, whoever lost it. */
const isRun = ({ payload }: TaskInput) => payload.kind === 'agent'

function timeoutOf(input: TaskInput, usual: number): Pick<Task, 'timeoutMs'> {
  const ms = input.timeoutMs ?? (isAtTerminal(input) ? terminalTimeoutMs : isRun(input) ? undefined : usual)
  return ms === undefined ? {} : { timeoutMs: ms }
}

/** A person is at it, and thinks. */
const terminalTimeoutMs = 8 * 3_600_000
const isAtTerminal = ({ payload }: TaskInput) => payload.kind === 'command' && payload.terminal !== undefined
