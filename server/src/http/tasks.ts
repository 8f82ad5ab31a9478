import { Id, TaskInput, isTerminal, type Task } from '@tandem/shared'
import { Hono } from 'hono'
import type { Context } from 'hono'
import { z } from 'zod'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { readBody, readValue } from './problem.ts'
import { NewTask, idempotencyHeader, type CreateTask } from './task-create.ts'
import { TaskListQuery, pageOf } from './task-filter.ts'
import { taskArtifactRoutes } from './task-artifacts.ts'
import { taskLogRoutes } from './task-log.ts'
import { taskEventRoutes } from './task-events.ts'
import { taskListEventRoutes } from './task-list-events.ts'
import { TaskView, type TaskLook } from './task-view.ts'
import { requireRole } from './who.ts'

const tag = 'Tasks'

const TaskList = z.object({
  tasks: z.array(TaskView),
  cursor: z.string().optional().describe('Ask for the next page with it; absent at the end.'),
})
const Cancel = z.object({
  force: z.boolean().default(false).describe('Give it up at once, and have what is left of it killed.'),
})
const CancelMany = z
  .object({
    tasks: z.array(Id).min(1).max(1_000).optional(),
    group: Id.optional(),
    all: z.literal(true).optional().describe('Everything that waits or runs.'),
    force: z.boolean().default(false),
  })
  .refine(({ tasks, group, all }) => [tasks, group, all].filter((each) => each !== undefined).length === 1, {
    message: 'say which: tasks, group, or all: true',
  })
const Cancelled = z.object({ cancelled: z.array(Id).describe('Those whose end was asked for or came.') })
/** What of a task is to be another in its duplicate. */
const Changes = NewTask.partial()
/** As they were sent: what was not said has no default here. */
const Given = z.record(z.string(), z.unknown())

const orNothing = async <S extends z.ZodType>(c: Context<Env>, schema: S): Promise<z.infer<S>> =>
  (await c.req.text()) === '' ? readValue({}, schema) : readBody(c, schema)

/** What of a task is asked for once more: not what belongs to the one alone. */
const repeatable = (task: Task) => {
  const { idempotencyKey: _, delayMs: __, runAt: ___, ...input } = TaskInput.parse(task)
  return input
}

/** `…/tasks`: everything here asks the referee as the caller's own client would; nothing is written past it. */
export function taskRoutes(deps: HttpDeps, look: TaskLook, create: CreateTask): Hono<Env> {
  const { requests, session } = deps
  const { find, findAny, view, views } = look
  const runner = requireRole(deps, 'runner')
  const viewer = requireRole(deps, 'viewer')
  const ask = async ({ var: { caller } }: Context<Env>, body: Parameters<typeof requests.ask>[2]) =>
    requests.ask({ id: caller.principal, name: caller.name, role: caller.role }, session, body)
  const underWay = () =>
    [...requests.tasks.snapshot().values()].filter(({ state, cancel }) => !isTerminal(state) && !cancel)

  return new Hono<Env>()
    .get(
      '/',
      describe({ tag, summary: 'List tasks, newest first', query: TaskListQuery, answers: { 200: TaskList } }),
      viewer,
      async (c) => {
        const { archivedBefore } = requests
        const sources = { tasks: requests.tasks.snapshot(), archivedBefore }
        const { page, cursor } = await pageOf(sources, readValue(c.req.query(), TaskListQuery))
        return c.json<z.infer<typeof TaskList>>({ tasks: await views(page), ...(cursor && { cursor }) })
      },
    )
    .post(
      '/',
      describe({
        tag,
        summary: 'Ask for a task',
        more: '201 where it is made, 200 where it was made before with the same key.',
        body: NewTask,
        headers: idempotencyHeader,
        answers: { 200: TaskView, 201: TaskView },
        errors: ['conflict'],
      }),
      runner,
      async (c) => {
        const { task, isNew } = await create(c, await readBody(c, NewTask))
        return c.json(await view(task), isNew ? 201 : 200)
      },
    )
    .post(
      '/cancel',
      describe({
        tag,
        summary: 'Cancel many tasks',
        more: 'Those that have ended meanwhile stay as they are; where none is left it is a conflict.',
        body: CancelMany,
        answers: { 202: Cancelled },
        errors: ['conflict'],
      }),
      runner,
      async (c) => {
        const { tasks, group, force } = await readBody(c, CancelMany)
        const before = underWay()
        await ask(c, { kind: 'cancel-many', tasks, group, force })
        const cancelled = before.flatMap(({ id }) => {
          const { cancel, state } = requests.tasks.get(id) ?? {}
          return cancel || state === 'cancelled' ? [id] : []
        })
        return c.json<z.infer<typeof Cancelled>>({ cancelled }, 202)
      },
    )
    .route('/', taskListEventRoutes(deps, look))
    .get(
      '/:id',
      describe({
        tag,
        summary: 'Read a task',
        more: '`waiting` says why it does not run yet, and how many come before it.',
        answers: { 200: TaskView },
        errors: ['not-found'],
      }),
      viewer,
      async (c) => c.json(await view(await findAny(c.req.param('id')))),
    )
    .post(
      '/:id/cancel',
      describe({
        tag,
        summary: 'Cancel a task',
        more: 'The body may be left out.',
        body: Cancel,
        answers: { 202: TaskView },
        errors: ['not-found', 'conflict'],
      }),
      runner,
      async (c) => {
        const { id } = find(c.req.param('id'))
        const { force } = await orNothing(c, Cancel)
        await ask(c, { kind: 'cancel', task: id, force })
        return c.json(await view(find(id)), 202)
      },
    )
    .post(
      '/:id/retry',
      describe({
        tag,
        summary: 'Run a task that has ended once more',
        more: 'It stays the same task, and gets another attempt.',
        answers: { 202: TaskView },
        errors: ['not-found', 'conflict'],
      }),
      runner,
      async (c) => {
        const { id } = find(c.req.param('id'))
        await ask(c, { kind: 'retry', task: id })
        return c.json(await view(find(id)), 202)
      },
    )
    .post(
      '/:id/rerun',
      describe({
        tag,
        summary: 'The same once more, as a task of its own',
        answers: { 201: TaskView },
        errors: ['not-found', 'conflict'],
      }),
      runner,
      async (c) => {
        const before = await findAny(c.req.param('id'))
        if (requests.tasks.get(before.id)) {
          const made = await ask(c, { kind: 'rerun', task: before.id })
          return c.json(await view(find(made)), 201)
        }
        // From the archive: what it waited for is over, and perhaps there as well.
        const { dependsOn: _, ...like } = repeatable(before)
        const { task } = await create(c, readValue(like, NewTask), before.id)
        return c.json(await view(task), 201)
      },
    )
    .post(
      '/:id/duplicate',
      describe({
        tag,
        summary: 'A new task like this one, but for what the body says',
        more: 'The body may be left out. What belongs to the one alone is not taken over: its key, and when it was to begin.',
        body: Changes,
        headers: idempotencyHeader,
        answers: { 200: TaskView, 201: TaskView },
        errors: ['not-found', 'conflict'],
      }),
      runner,
      async (c) => {
        const like = repeatable(await findAny(c.req.param('id')))
        const { task, isNew } = await create(c, readValue({ ...like, ...(await orNothing(c, Given)) }, NewTask))
        return c.json(await view(task), isNew ? 201 : 200)
      },
    )
    .route('/', taskEventRoutes(deps, look))
    .route('/', taskLogRoutes(deps, look))
    .route('/', taskArtifactRoutes(deps, look))
}
