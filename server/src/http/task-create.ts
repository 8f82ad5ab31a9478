import { TandemError, TaskInput, TaskPayload, commandLine, type Id, type Task } from '@tandem/shared'
import type { Context } from 'hono'
import { z } from 'zod'
import type { Caller, Env, HttpDeps } from './deps.ts'
import { createIdempotency, hashOf } from './idempotency.ts'
import { tooOften } from './rate-limit.ts'

/** When it may begin: ISO 8601, or ms since the epoch. */
const RunAt = z
  .union([z.number(), z.iso.datetime({ offset: true })])
  .describe('ISO 8601, or milliseconds since the epoch: it begins no earlier.')
/** A title is made from the command where none is given. */
export const NewTask = z.object({
  ...TaskInput.shape,
  payload: TaskPayload,
  title: TaskInput.shape.title.optional(),
  runAt: RunAt.optional(),
})
export type NewTask = z.infer<typeof NewTask>

export type Created = { task: Task; isNew: boolean }

/**
 * Asking for tasks in a caller's name, at most as often as the settings allow [S143], each key once. `rerunOf`: it is
 * another run of that task, which is archived.
 */
export type CreateTask = (c: Context<Env>, asked: NewTask, rerunOf?: Id) => Promise<Created>

export const idempotencyHeader = {
  'idempotency-key':
    'Any string of yours: asked again within a day it gives the same task, and with another body 422. The same as idempotencyKey.',
}

export function createTaskCreation({ requests, settings, session, updates, clock }: HttpDeps): CreateTask {
  const keys = createIdempotency({ updates, clock })
  const { tasks } = requests

  const refuseTooMany = ({ principal, via }: Caller) => {
    const waitMs = requests.creationWaitMs(principal, keyIn(via))
    if (waitMs > 0) throw tooOften('too many tasks created', waitMs, settings.tasksPerMinute)
  }
  const ask = async (caller: Caller, task: TaskInput, rerunOf?: Id): Promise<Created> => {
    refuseTooMany(caller)
    const by = { id: caller.principal, name: caller.name, role: caller.role }
    const body = { kind: 'create', task, ...(rerunOf !== undefined && { rerunOf }) } as const
    const id = await requests.ask(by, session, body).catch((e: unknown) => {
      // Others of the same principal may have taken what was left.
      refuseTooMany(caller)
      throw e
    })
    const made = tasks.get(id)
    const apiKey = keyIn(caller.via)
    if (made && apiKey !== undefined) requests.countCreation(apiKey)
    if (made) return { task: made, isNew: true }
    // What the referee did not make was made before, with this key.
    const { idempotencyKey: key } = task
    const same =
      key === undefined
        ? undefined
        : ([...tasks.snapshot().values()].find((t) => t.idempotencyKey === key && t.createdBy === caller.principal) ??
          (await requests.archivedWith(caller.principal, key)))
    if (!same) throw new TandemError('conflict', { reason: 'the task was not made' })
    if (hashOf(same.payload) !== hashOf(task.payload)) throw otherBody()
    return { task: same, isNew: false }
  }
  return async (c, asked, rerunOf) => {
    const { caller } = c.var
    const key = keyOf(c, asked)
    const task = inputOf({ ...asked, idempotencyKey: key })
    if (key === undefined) return ask(caller, task, rerunOf)
    const hash = hashOf(task)
    const known = await keys.find(caller.principal, key)
    if (known && known.hash !== hash) throw otherBody()
    if (known) {
      const made = tasks.get(known.task) ?? (await requests.archived(known.task))
      if (made) return { task: made, isNew: false }
      throw new TandemError('conflict', { reason: 'the task made with this key is kept no longer', task: known.task })
    }
    const created = await ask(caller, task, rerunOf)
    await keys.keep(caller.principal, key, { task: created.task.id, hash })
    return created
  }
}

const keyIn = (via: Caller['via']): Id | undefined => ('key' in via ? via.key : undefined)

const otherBody = () =>
  new TandemError('validation-failed', {
    reason: 'something else was asked for with this Idempotency-Key: use a new one',
    errors: ['Idempotency-Key: it stands for another task'],
  })

function keyOf(c: Context<Env>, { idempotencyKey }: NewTask): string | undefined {
  const header = c.req.header('idempotency-key')
  if (header === undefined) return idempotencyKey
  const problem =
    header === '' || header.length > 200
      ? 'an Idempotency-Key has 1 to 200 characters'
      : idempotencyKey !== undefined && idempotencyKey !== header
        ? 'the header Idempotency-Key and idempotencyKey in the body differ'
        : undefined
  if (problem !== undefined)
    throw new TandemError('validation-failed', { reason: problem, errors: [`Idempotency-Key: ${problem}`] })
  return header
}

function inputOf({ title, runAt, ...input }: NewTask): TaskInput {
  return TaskInput.parse({
    ...input,
    title: title ?? (commandLine(input.payload).slice(0, 200) || 'untitled'),
    ...(runAt !== undefined && { runAt: typeof runAt === 'string' ? Date.parse(runAt) : runAt }),
  })
}
