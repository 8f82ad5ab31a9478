import { AtTerminal, parseMessage, TandemError, type Claims, type Id, type Task, type ToDaemon } from '@tandem/shared'
import { z } from 'zod'

type Deps = {
  tasks: { get(id: Id): Task | undefined }
  /** Whether who has this credential may type at terminals: the table of `mayWrite`, for `tty`. */
  mayType(claims: Claims, at: { taskId: Id; attempt: number }): boolean
  tell(daemonId: Id, message: ToDaemon): void
  audit(entry: { actor: Id; action: string; object: Id; details: unknown }): void
}

/** Who drove a terminal last is remembered of so many attempts. */
const maxRemembered = 1_000

/**
 * Hands on to its daemon what somebody types at a task's terminal. It needs the role runner, and an attempt that runs; who
 * begins to drive one stands in the audit log. Answers undefined where the message is not of a terminal.
 */
export function createTerminals({
  tasks,
  mayType,
  tell,
  audit,
}: Deps): (claims: Claims, raw: string) => string | undefined {
  const driverByAttempt = new Map<string, Id>()

  const isDrivenBy = (actor: Id, { id, attempt }: Task) => {
    const key = `${id}.${attempt}`
    if (driverByAttempt.get(key) === actor) return
    driverByAttempt.delete(key)
    driverByAttempt.set(key, actor)
    const [oldest] = driverByAttempt.keys()
    if (driverByAttempt.size > maxRemembered && oldest !== undefined) driverByAttempt.delete(oldest)
    audit({ actor, action: 'task.type', object: id, details: { attempt } })
  }
  const hand = ({ principal, session }: Claims, task: Task, message: AtTerminal) => {
    const { lease, attempt } = task
    if (!lease) return
    const to = { task: task.id, attempt, by: principal, session }
    if (message.t === 'resize') return tell(lease.daemonId, { t: 'resized', ...to, size: message.size })
    isDrivenBy(principal, task)
    tell(lease.daemonId, { t: 'typed', ...to, data: message.data })
  }

  return (claims, raw) => {
    if (!isOfTerminal(raw)) return undefined
    const parsed = parseMessage(AtTerminal, raw)
    if (!('message' in parsed)) {
      const [message = ''] = parsed.issues
      return JSON.stringify({ t: 'error', code: 'validation-failed', message, details: parsed.issues.slice(0, 5) })
    }
    const { n, task: id, attempt } = parsed.message
    const task = tasks.get(id)
    const refusal = mayType(claims, { taskId: id, attempt }) ? whyNot(task, attempt) : needsRunner()
    if (refusal) return JSON.stringify({ t: 'error', n, code: refusal.code, message: refusal.message })
    if (task) hand(claims, task, parsed.message)
    return JSON.stringify({ t: 'heard', n })
  }
}

/** Whole files go over the same channel: what is larger than any message of ours is not looked at. */
const maxRawLength = 65_536
const OfTerminal = z.object({ t: z.enum(['type', 'resize']) })
const isOfTerminal = (raw: string) => raw.length <= maxRawLength && 'message' in parseMessage(OfTerminal, raw)

const needsRunner = () => new TandemError('forbidden', { reason: 'typing at a terminal needs the role runner' })

function whyNot(task: Task | undefined, attempt: number): TandemError | undefined {
  if (!task) return new TandemError('not-found', { reason: 'there is no such task' })
  const { state, payload } = task
  if (payload.kind !== 'command' || !payload.terminal)
    return new TandemError('conflict', { reason: 'this task has no terminal' })
  if (task.attempt !== attempt)
    return new TandemError('conflict', { reason: `attempt ${attempt} is over: this is attempt ${task.attempt}` })
  if (state === 'disconnected') return new TandemError('conflict', { reason: 'its daemon is out of reach' })
  if (state !== 'running' && state !== 'cancelling')
    return new TandemError('conflict', { reason: `the task does not run: it is ${state}` })
  return undefined
}
