import { byQueueOrder, isHeld, isTerminal, type Task, type TaskPayload } from '@tandem/shared'
import type { Request } from '@tandem/shared/docs'

/** A task as the server has it, or one asked for here that the server has not seen yet. */
export type TaskItem = { id: string; at: number; payload: TaskPayload | undefined } & (
  | { task: Task; asked?: undefined }
  | { task?: undefined; asked: Request }
)

/**
 * Everything to show: first what runs, then what waits (for a person, for its turn, for others, for its time, for the
 * connection), then what has ended, the newest first.
 */
export function taskItems(
  tasks: ReadonlyMap<string, Task>,
  requests: ReadonlyMap<string, Request>,
  now: number,
): readonly TaskItem[] {
  const asked = [...requests].flatMap(([id, request]): TaskItem[] => {
    const payload = payloadAsked(request, tasks)
    return payload && !tasks.has(id) ? [{ id, at: request.clientAt, payload, asked: request }] : []
  })
  const known = [...tasks.values()].map((task): TaskItem => ({
    id: task.id,
    at: task.createdAt,
    payload: task.payload,
    task,
  }))
  const turn = byQueueOrder(now)
  return [...asked, ...known].toSorted((a, b) => {
    const group = groupOf(a) - groupOf(b)
    if (group !== 0) return group
    return a.task?.state === 'queued' && b.task?.state === 'queued' ? turn(a.task, b.task) : b.at - a.at
  })
}

const groups = { running: 0, awaiting_approval: 1, queued: 2, blocked: 3, scheduled: 4, asked: 5, ended: 6 }

function groupOf({ task }: TaskItem): number {
  if (!task) return groups.asked
  if (isHeld(task.state)) return groups.running
  if (isTerminal(task.state)) return groups.ended
  return groups[task.state as 'awaiting_approval' | 'queued' | 'blocked' | 'scheduled']
}

/** What a request would run: its own payload, or that of the task it runs once more. */
function payloadAsked({ body }: Request, tasks: ReadonlyMap<string, Task>): TaskPayload | undefined {
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
