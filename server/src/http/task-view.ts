import { Id, Task, TandemError, statusOf, whyWaiting, type Worker } from '@tandem/shared'
import type { DaemonPresence } from '@tandem/shared/docs'
import { z } from 'zod'
import type { HttpDeps } from './deps.ts'
import { createOpsLook } from './ops.ts'

/** The founding words for how a task stands [S113]. */
export const Status = z.enum(['pending', 'running', 'completed', 'failed', 'cancelled'])

const When = z.string().describe('ISO 8601.')
const { attempts, cancel, lease } = Task.shape

/** A task as scripts see it: ISO timestamps, `state` of the machine and `status` in the founding words [S113]. */
export const TaskView = z.object({
  ...Task.shape,
  status: Status,
  createdAt: When,
  queuedAt: When.optional(),
  startedAt: When.optional(),
  completedAt: When.optional(),
  runAt: When.optional(),
  attempts: z.array(attempts.element.extend({ startedAt: When.optional(), endedAt: When.optional() })),
  cancel: cancel.unwrap().extend({ at: When }).optional(),
  lease: lease.unwrap().extend({ expiresAt: When }).optional(),
  waiting: z
    .object({
      reason: z.string().describe('Why it does not run yet, in words.'),
      ahead: z.int().optional().describe('How many of the queue come before it.'),
    })
    .optional(),
})
export type TaskView = z.infer<typeof TaskView>

export type TaskLook = {
  /** One that is listed; throws `not-found`. */
  find(id: string): Task
  /** The same, or one that ended so long ago that it is listed no more. */
  findAny(id: string): Promise<Task>
  /** As of now, with why it waits where it does. */
  view(task: Task): Promise<TaskView>
  views(tasks: readonly Task[]): Promise<TaskView[]>
  /** Resolves once all that was written of tasks is on disk; false where the disk does not take it: then it may be lost yet. */
  isKept(): Promise<boolean>
}

/** How tasks are shown over REST. */
export function createTaskLook({ requests, documents, settings, clock }: HttpDeps): TaskLook {
  const ops = createOpsLook({ documents })
  const workers = async () =>
    [...(await ops()).daemons.snapshot().values()].map((each) => workerOf(each, settings.slots))
  const views: TaskLook['views'] = async (tasks) => {
    const [all, able] = [requests.tasks.snapshot(), await workers()]
    const [now, { maxRunning }] = [clock.now(), settings]
    return tasks.map((task) => ({ ...inWords(task), waiting: whyWaiting(task, all, able, now, maxRunning) }))
  }
  const find = (id: string): Task => {
    const task = isIt(id) ? requests.tasks.get(id) : undefined
    if (!task) throw new TandemError('not-found', { reason: 'there is no such task', id: id.slice(0, 40) })
    return task
  }
  return {
    find,
    findAny: async (id) => (isIt(id) && !requests.tasks.get(id) ? await requests.archived(id) : undefined) ?? find(id),
    view: async (task) => (await views([task]))[0] ?? inWords(task),
    views,
    isKept: () =>
      documents.durable({ kind: 'tasks', rotation: 0 }).then(
        () => true,
        () => false, // The store says itself that it fails.
      ),
  }
}

const isIt = (id: string): id is Id => Id.safeParse(id).success
const iso = (at: number) => new Date(at).toISOString()
const isoOf = (at: number | undefined) => (at === undefined ? undefined : iso(at))

const inWords = (task: Task): TaskView => ({
  ...task,
  status: statusOf(task.state),
  createdAt: iso(task.createdAt),
  queuedAt: isoOf(task.queuedAt),
  startedAt: isoOf(task.startedAt),
  completedAt: isoOf(task.completedAt),
  runAt: isoOf(task.runAt),
  attempts: task.attempts.map((each) => ({
    ...each,
    startedAt: isoOf(each.startedAt),
    endedAt: isoOf(each.endedAt),
  })),
  cancel: task.cancel && { ...task.cancel, at: iso(task.cancel.at) },
  lease: task.lease && { ...task.lease, expiresAt: iso(task.lease.expiresAt) },
})

/** `slots`: of a daemon that said nothing of them. */
const workerOf = (
  { id, name, connection, slots: said, capabilities = [], draining = false }: DaemonPresence,
  slots: number,
): Worker => ({ id, name, isOnline: connection === 'online', isDraining: draining, slots: said ?? slots, capabilities })
