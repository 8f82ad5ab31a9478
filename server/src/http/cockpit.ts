import { Id, TandemError, TaskInput, TaskPayload, commandLine } from '@tandem/shared'
import { Hono } from 'hono'
import { z } from 'zod'
import { cockpitAgents } from './cockpit-agents.ts'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { readBody, readValue } from './problem.ts'
import { NewTask, idempotencyHeader, type CreateTask } from './task-create.ts'
import { TaskListQuery, pageOf } from './task-filter.ts'
import { TaskView, type TaskLook } from './task-view.ts'
import { requireRole } from './who.ts'

const tag = 'Cockpit'

const Query = TaskListQuery.extend({ workspaceId: Id.optional().describe('Without it, the only one of the key.') })

/** A task in the founding words [S101] [S102]. */
const CockpitTask = z.object({
  ...TaskView.pick({
    id: true,
    title: true,
    executor: true,
    payload: true,
    status: true,
    state: true,
    priority: true,
    workspaceId: true,
    createdAt: true,
    startedAt: true,
    completedAt: true,
    waiting: true,
  }).shape,
  prompt: z.string().describe('What is to be done, in one text.'),
  output: z.string().optional().describe('The end of what it put out, once it has ended.'),
  error: z.string().optional(),
  userId: Id.describe('Who asked for it.'),
})
type CockpitTask = z.infer<typeof CockpitTask>
const CockpitList = z.object({
  tasks: z.array(CockpitTask),
  cursor: z.string().optional().describe('Ask for the next page with it; absent at the end.'),
})

/** As in the founding documents: a command that is one string is a shell line [S283]. */
const Line = z
  .object({
    kind: z.undefined().optional(),
    command: z.string().min(1).max(4096),
    cwd: z.string().max(4096).optional(),
  })
  .transform(({ command, cwd = '' }): TaskPayload => ({ kind: 'command', command, args: [], cwd, shell: true }))
const CockpitNew = z.object({
  ...NewTask.shape,
  executor: TaskInput.shape.executor,
  workspaceId: Id.optional(),
  payload: z.union([TaskPayload, Line]),
})

const cockpitTask = ({ result, createdBy, ...task }: TaskView): CockpitTask => {
  const { id, title, executor, payload, status, state, priority, workspaceId, waiting } = task
  const { createdAt, startedAt, completedAt } = task
  return {
    ...{
      id,
      title,
      executor,
      payload,
      status,
      state,
      priority,
      workspaceId,
      waiting,
      createdAt,
      startedAt,
      completedAt,
    },
    prompt: commandLine(payload),
    output: result?.output?.tail,
    error: result?.error,
    userId: createdBy,
  }
}

/** `/api/cockpit`: tasks and agents in the founding shapes, of the one workspace that is here. */
export function cockpitRoutes(deps: HttpDeps, { views }: TaskLook, create: CreateTask): Hono<Env> {
  const { workspace, requests } = deps
  const checkWorkspace = (asked: Id | undefined) => {
    if (asked !== undefined && asked !== workspace.id)
      throw new TandemError('not-found', { reason: 'there is no such workspace' })
  }
  const app = new Hono<Env>()
    .get(
      '/tasks',
      describe({ tag, summary: 'List tasks, newest first', query: Query, answers: { 200: CockpitList } }),
      requireRole(deps, 'viewer'),
      async (c) => {
        const { workspaceId, ...query } = readValue(c.req.query(), Query)
        checkWorkspace(workspaceId)
        const { archivedBefore } = requests
        const { page, cursor } = await pageOf({ tasks: requests.tasks.snapshot(), archivedBefore }, query)
        const tasks = (await views(page)).map(cockpitTask)
        return c.json<z.infer<typeof CockpitList>>({ tasks, ...(cursor && { cursor }) })
      },
    )
    .post(
      '/tasks',
      describe({
        tag,
        summary: 'Ask for a task',
        more: 'A `payload` of nothing but a `command` is a line for the shell.',
        body: CockpitNew,
        headers: idempotencyHeader,
        answers: { 200: CockpitTask, 201: CockpitTask },
        errors: ['conflict', 'not-found'],
      }),
      requireRole(deps, 'runner'),
      async (c) => {
        const { workspaceId, ...asked } = await readBody(c, CockpitNew)
        checkWorkspace(workspaceId)
        const { task, isNew } = await create(c, asked)
        const [view] = (await views([task])).map(cockpitTask)
        return c.json(view, isNew ? 201 : 200)
      },
    )
    .route('/agents', cockpitAgents(deps))
  for (const later of ['repos', 'alerts']) {
    app.all(`/${later}/*`, () => {
      throw new TandemError('not-found', { reason: `${later} come with a later version` })
    })
  }
  return app
}
