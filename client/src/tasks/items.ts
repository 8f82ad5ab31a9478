import { byQueueOrder, isHeld, isTerminal, type Id, type Task, type TaskPayload } from '@tandem/shared'
import type { Refusal, Request, RequestBody } from '@tandem/shared/docs'

type Item = { id: string; at: number; payload: TaskPayload | undefined }
/** One asked for here that the server would not make. */
export type RefusedItem = Item & { task?: undefined; asked?: undefined; refused: Refusal }
/** A task as the server has it, or one asked for here that the server has not seen yet, or would not make. */
export type TaskItem =
  | (Item & { task: Task; asked?: undefined; refused?: undefined })
  | (Item & { task?: undefined; asked: Request; refused?: undefined })
  | RefusedItem

/**
 * Everything to show: first what runs, then what waits (for a person, for its turn, for others, for its time, for the
 * connection), then what has ended, the newest first. What was refused waits for its person.
 */
export function taskItems(
  tasks: ReadonlyMap<string, Task>,
  requests: ReadonlyMap<string, Request>,
  refusals: ReadonlyMap<string, Refusal>,
  now: number,
): readonly TaskItem[] {
  const refused = [...refusals.values()].flatMap((refused): TaskItem[] =>
    wantsTask(refused)
      ? [{ id: refused.id, at: refused.at, payload: refused.body && payloadAsked(refused.body, tasks), refused }]
      : [],
  )
  const asked = [...requests].flatMap(([id, request]): TaskItem[] => {
    const payload = payloadAsked(request.body, tasks)
    return payload && !tasks.has(id) ? [{ id, at: request.clientAt, payload, asked: request }] : []
  })
  const known = [...tasks.values()].map((task): TaskItem => ({
    id: task.id,
    at: task.createdAt,
    payload: task.payload,
    task,
  }))
  const turn = byQueueOrder(now)
  return [...asked, ...refused, ...known].toSorted((a, b) => {
    const group = groupOf(a) - groupOf(b)
    if (group !== 0) return group
    return a.task?.state === 'queued' && b.task?.state === 'queued' ? turn(a.task, b.task) : b.at - a.at
  })
}

const groups = { running: 0, refused: 1, awaiting_approval: 1, queued: 2, blocked: 3, scheduled: 4, asked: 5, ended: 6 }

function groupOf({ task, refused }: TaskItem): number {
  if (!task) return refused ? groups.refused : groups.asked
  if (isHeld(task.state)) return groups.running
  if (isTerminal(task.state)) return groups.ended
  return groups[task.state as 'awaiting_approval' | 'queued' | 'blocked' | 'scheduled']
}

/** What a request would run: its own payload, or that of the task it runs once more. */
function payloadAsked(body: RequestBody, tasks: ReadonlyMap<string, Task>): TaskPayload | undefined {
  if (body.kind === 'create') return body.task.payload
  return body.kind === 'rerun' ? tasks.get(body.task)?.payload : undefined
}

/** What was asked here about a task and has not come to the server yet. */
export function askedOf(requests: ReadonlyMap<string, Request>, task: string): ReadonlySet<'cancel' | 'retry'> {
  const kinds = [...requests.values()].flatMap(({ body }) =>
    (body.kind === 'cancel' || body.kind === 'retry') && body.task === task ? [body.kind] : [],
  )
  return new Set(kinds)
}

/** Whether what was asked for, or refused, would be a task of its own, and has a row. */
export const wantsTask = ({ kind }: Pick<Refusal, 'kind'>): boolean => kind === 'create' || kind === 'rerun'

/** The task that a refused request is about; undefined where it is about many, or something else. */
export function refusedTask({ body }: Refusal): Id | undefined {
  return body && 'task' in body && typeof body.task === 'string' ? body.task : undefined
}
