import { TandemError, TaskInput, TaskPayload, commandLine, statusOf } from '@tandem/shared'
import { Hono } from 'hono'
import { z } from 'zod'
import type { Caller, Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { readBody, readValue } from './problem.ts'
import { tooOften } from './rate-limit.ts'
import { taskLogRoutes } from './task-log.ts'
import { Status, TaskView, createTaskLook } from './task-view.ts'
import { requireRole } from './who.ts'

/** A title is made from the command where none is given. */
const NewTask = z.object({ ...TaskInput.shape, payload: TaskPayload, title: TaskInput.shape.title.optional() })
const ListQuery = z.object({
  status: Status.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
})
const Cancel = z.object({ force: z.boolean().default(false) })
const TaskList = z.object({ tasks: z.array(TaskView) })

/** `…/tasks`: everything here asks the referee as the caller's own client would; nothing is written past it. */
export function taskRoutes(deps: HttpDeps): Hono<Env> {
  const { requests, session, settings } = deps
  const look = createTaskLook(deps)
  const { find, view } = look
  const ask = async (caller: Caller, body: Parameters<typeof requests.ask>[2]) => {
    const by = { id: caller.principal, name: caller.name, role: caller.role }
    return requests.ask(by, session, body)
  }

  return new Hono<Env>()
    .get(
      '/',
      describe({ tag: 'Tasks', summary: 'List tasks, newest first', query: ListQuery, answers: { 200: TaskList } }),
      requireRole(deps, 'viewer'),
      async (c) => {
        const { status, limit } = readValue(c.req.query(), ListQuery)
        const all = [...requests.tasks.snapshot().values()].toSorted((a, b) => (a.id < b.id ? 1 : -1))
        const tasks = all.filter((t) => status === undefined || statusOf(t.state) === status).slice(0, limit)
        return c.json({ tasks: await look.views(tasks) })
      },
    )
    .post(
      '/',
      describe({
        tag: 'Tasks',
        summary: 'Ask for a task',
        more: 'The same idempotencyKey of the same caller means the same task.',
        body: NewTask,
        answers: { 200: TaskView, 201: TaskView },
        errors: ['conflict'],
      }),
      requireRole(deps, 'runner'),
      async (c) => {
        const { title, ...input } = await readBody(c, NewTask)
        const task = TaskInput.parse({ ...input, title: title ?? commandLine(input.payload).slice(0, 200) })
        const refuseTooMany = () => {
          const waitMs = requests.creationWaitMs(c.var.caller.principal)
          if (waitMs > 0) throw tooOften('too many tasks created', waitMs, settings.tasksPerMinute)
        }
        refuseTooMany()
        const id = await ask(c.var.caller, { kind: 'create', task }).catch((e: unknown) => {
          // Others of the same principal may have taken what was left.
          refuseTooMany()
          throw e
        })
        const same = [...requests.tasks.snapshot().values()].find(
          (t) =>
            task.idempotencyKey !== undefined &&
            t.idempotencyKey === task.idempotencyKey &&
            t.createdBy === c.var.caller.principal,
        )
        const made = requests.tasks.get(id) ?? same
        if (!made) throw new TandemError('conflict', { reason: 'the task was refused: too many are waiting' })
        return c.json(await view(made), made.id === id ? 201 : 200)
      },
    )
    .get(
      '/:id',
      describe({ tag: 'Tasks', summary: 'Read a task', answers: { 200: TaskView }, errors: ['not-found'] }),
      requireRole(deps, 'viewer'),
      async (c) => c.json(await view(find(c.req.param('id')))),
    )
    .post(
      '/:id/cancel',
      describe({
        tag: 'Tasks',
        summary: 'Cancel a task',
        more: 'The body may be left out.',
        body: Cancel,
        answers: { 202: TaskView },
        errors: ['not-found'],
      }),
      requireRole(deps, 'runner'),
      async (c) => {
        const { id } = find(c.req.param('id'))
        const body = c.req.header('content-type')?.includes('json') ? await readBody(c, Cancel) : { force: false }
        await ask(c.var.caller, { kind: 'cancel', task: id, force: body.force })
        return c.json(await view(find(id)), 202)
      },
    )
    .post(
      '/:id/retry',
      describe({
        tag: 'Tasks',
        summary: 'Run a task that has ended once more',
        answers: { 202: TaskView },
        errors: ['not-found'],
      }),
      requireRole(deps, 'runner'),
      async (c) => {
        const { id } = find(c.req.param('id'))
        await ask(c.var.caller, { kind: 'retry', task: id })
        return c.json(await view(find(id)), 202)
      },
    )
    .route('/', taskLogRoutes(deps, look))
}
