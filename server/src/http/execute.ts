import {
  BindingName,
  ExecutionResult,
  Id,
  Snippet,
  TandemError,
  TaskState,
  isTerminal,
  messageOf,
  withTimeout,
  type Task,
  type TaskPayload,
} from '@tandem/shared'
import { Hono } from 'hono'
import { z } from 'zod'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { executionOf } from './execution.ts'
import { readBody } from './problem.ts'
import { NewTask, idempotencyHeader, type CreateTask } from './task-create.ts'
import type { TaskLook } from './task-view.ts'
import { endOf, requireRole } from './who.ts'

/** How long a snippet may take where it does not say [S148], and how long its answer is waited for at most. */
const snippetMs = 5_000
const maxWaitMs = 60_000

const ExecuteRequest = z.object({
  ...Snippet.shape,
  language: z.enum(['javascript', 'typescript', 'python', 'shell']).default('javascript'),
  session: Snippet.shape.session.describe(
    'Executions and tasks that say the same have their scratch files and their shell together.',
  ),
  bindings: z.array(BindingName).optional().describe('What of env it gets; all there is where nothing is said.'),
  timeoutMs: z.int().min(100).max(86_400_000).default(snippetMs),
  waitMs: z
    .int()
    .min(0)
    .max(maxWaitMs)
    .default(30_000)
    .describe('For so long the answer waits for its end; then it is 202, with the task.'),
})
type ExecuteRequest = z.infer<typeof ExecuteRequest>

const Executed = z.object({
  ...ExecutionResult.shape,
  result: z.unknown().optional().describe('What the default export gave, as JSON.'),
  task: Id.describe('The task that ran it: its log has all of the output.'),
})
const UnderWay = z.object({ task: Id, state: TaskState, reason: z.string().optional() })

/** `…/execute` [S153]: code becomes a task, and what comes of it the answer. */
export function executeRoutes(deps: HttpDeps, look: TaskLook, create: CreateTask): Hono<Env> {
  return new Hono<Env>().post(
    '/',
    describe({
      tag: 'Tasks',
      summary: 'Run code and answer with what comes of it',
      more:
        'JavaScript and TypeScript are modules, as `export default async (env) => …`, where `env.FS` and `env.BASH` have the ' +
        'shared files in `/workspace`; Python and shell run in the command sandbox. ' +
        '200 where it ended, well or not; 202 where it has not yet, or waits for a person to allow it.',
      body: ExecuteRequest,
      headers: idempotencyHeader,
      answers: { 200: Executed, 202: UnderWay },
      errors: ['conflict', 'too-large'],
    }),
    requireRole(deps, 'runner'),
    async (c) => {
      const { waitMs, timeoutMs, ...asked } = await readBody(c, ExecuteRequest)
      const created = await create(c, NewTask.parse({ payload: payloadOf(asked), timeoutMs }))
      const task = await whenSettled(deps, created.task.id, waitMs, endOf(deps, c))
      if (!isTerminal(task.state) || !(await look.isKept())) {
        const { waiting, reason = waiting?.reason } = await look.view(task)
        return c.json<z.infer<typeof UnderWay>>({ task: task.id, state: task.state, reason }, 202)
      }
      const { result, ...execution } = await executionOf(deps, task)
      const value = result === undefined ? {} : { result: JSON.parse(result) as unknown }
      return c.json({ ...execution, ...value, task: task.id } satisfies z.infer<typeof Executed>)
    },
  )
}

/** What runs the other languages [S151]: a command of the sandbox, which the policy judges like any other. */
const runtimes: Readonly<Record<'python' | 'shell', readonly [string, ...string[]]>> = {
  python: ['python3', '-c'],
  shell: ['bash', '-c'],
}
/** The most that one argument of a command may hold, characters. */
const maxArgument = 32_768

function payloadOf({
  language,
  ...snippet
}: Omit<ExecuteRequest, 'waitMs' | 'timeoutMs'>): z.input<typeof TaskPayload> {
  if (language === 'javascript' || language === 'typescript') return { kind: 'code', language, ...snippet }
  const { code, modules, bindings, memMb } = snippet
  if (modules ?? bindings ?? memMb)
    throw new TandemError('validation-failed', {
      reason: `modules, bindings and memMb are for JavaScript and TypeScript, not for ${language}`,
      errors: ['language: it takes code alone'],
    })
  if (code.length > maxArgument)
    throw new TandemError('too-large', { reason: `put it into a file and run that: ${language} takes 32 KB here` })
  const [command, ...args] = runtimes[language]
  return { kind: 'command', command, args: [...args, code] }
}

/** The task as it is once it has ended or needs a person, or when the time is up or nobody listens any more. */
async function whenSettled({ requests, clock }: HttpDeps, id: Id, ms: number, gone: AbortSignal): Promise<Task> {
  const now = (): Task => {
    const task = requests.tasks.get(id)
    if (!task) throw new TandemError('not-found', { reason: 'the task is not listed any more', task: id })
    return task
  }
  let stop = () => {}
  const settled = new Promise<void>((resolve) => {
    const look = () => {
      const { state } = now()
      if (isTerminal(state) || state === 'awaiting_approval') resolve()
    }
    stop = requests.tasks.subscribe(look)
    gone.addEventListener('abort', () => resolve(), { once: true })
    look()
  })
  try {
    await withTimeout(settled, ms, { clock })
  } catch (e) {
    if (!(e instanceof TandemError && e.code === 'timeout'))
      throw new TandemError('internal', { reason: messageOf(e) }, e)
  } finally {
    stop()
  }
  return now()
}
