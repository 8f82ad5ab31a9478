import { Id, TaskState, commandLine, statusOf, type Task } from '@tandem/shared'
import { z } from 'zod'
import { Status } from './task-view.ts'

/** Which tasks are meant; each that is given narrows them. */
export const TaskFilter = z.object({
  status: Status.optional(),
  state: TaskState.optional().describe('As in the state machine, finer than `status`.'),
  kind: z.enum(['command', 'code', 'bash', 'agent']).optional(),
  executor: z.enum(['daemon', 'subagent', 'server', 'agent']).optional(),
  daemon: Id.optional().describe('That runs or ran it, or for which it is meant.'),
  author: z.string().max(80).optional().describe('The id or the name of who asked for it.'),
  group: Id.optional(),
  text: z.string().max(200).optional().describe('In the title or the command; case does not matter.'),
})
export type TaskFilter = z.infer<typeof TaskFilter>

/** The query of a list: newest first, in pages. */
export const TaskListQuery = TaskFilter.extend({
  cursor: Id.optional().describe('Where the page before ended.'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
})
export type TaskListQuery = z.infer<typeof TaskListQuery>

/** So many archived tasks are looked at for one page: where few of them are meant it is a short one, and goes on. */
export const archivedAtOnce = 10_000

type Sources = {
  tasks: ReadonlyMap<string, Task>
  /** Those that have left the document, the newest first. */
  archivedBefore(id?: Id): AsyncIterable<Task>
}

/**
 * One page of those that are meant, archived ones too; `cursor` asks for the next. Pages neither repeat nor leave out what
 * was there at the first.
 */
export async function pageOf(
  { tasks, archivedBefore }: Sources,
  { cursor, limit, ...filter }: TaskListQuery,
): Promise<{ page: Task[]; cursor?: string }> {
  const isMeant = matching(filter)
  const newestFirst = (found: Task[]) => found.toSorted((a, b) => (a.id < b.id ? 1 : -1))
  const here = newestFirst([...tasks.values()].filter((t) => (cursor === undefined || t.id < cursor) && isMeant(t)))
  const old: Task[] = []
  let [looked, reached] = [0, '']
  for await (const task of archivedBefore(cursor)) {
    reached = task.id
    if (isMeant(task) && !tasks.has(task.id)) old.push(task)
    const isEnough = old.length > limit || (here[limit]?.id ?? '') > task.id
    if (isEnough || ++looked >= archivedAtOnce) break
    reached = ''
  }
  // Below what was looked at nothing is known of the archive: what is here waits for its page.
  const found = newestFirst([...here, ...old]).filter(({ id }) => id >= reached)
  const page = found.slice(0, limit)
  const last = found.length > limit ? page.at(-1)?.id : reached
  return { page, ...(last && { cursor: last }) }
}

function matching({ status, state, kind, executor, daemon, author, group, text }: TaskFilter): (t: Task) => boolean {
  const wanted = text?.toLowerCase()
  return (task) =>
    (status === undefined || statusOf(task.state) === status) &&
    (state === undefined || task.state === state) &&
    (kind === undefined || task.payload.kind === kind) &&
    (executor === undefined || task.executor === executor) &&
    (daemon === undefined || task.target?.daemonId === daemon || task.attempts.some((a) => a.daemonId === daemon)) &&
    (author === undefined || task.createdBy === author || task.createdByName === author) &&
    (group === undefined || task.groupId === group) &&
    (wanted === undefined || `${task.title}\n${commandLine(task.payload)}`.toLowerCase().includes(wanted))
}
