import { isTerminal, type Id, type Task } from '@tandem/shared'
import type { Request } from '@tandem/shared/docs'
import type { SimServer } from './sim-server.ts'

type Asked = Request & {
  /** How long the audit was by then. */
  since: number
}

/** What must hold of what people ask for, and of the audit. */
export function createRequestRules(
  kept: Pick<SimServer['kept'], 'tasks' | 'audited'>,
  person: Id,
  check: (holds: boolean, what: string) => void,
): { asked(id: Id, request: Request): void; done(id: Id): void; atRest(tasks: ReadonlyMap<string, Task>): void } {
  const asked = new Map<Id, Asked>()
  const isRefused = (id: Id) => kept.audited.some(({ action, object }) => object === id && action.endsWith('.refused'))

  /** Each is counted once, however often it was folded. */
  const ofCounts = () => {
    const [most, done] = [new Map<string, number>(), new Map<string, number>()]
    const count = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1)
    for (const { body } of asked.values()) {
      if (body.kind === 'retry' || body.kind === 'cancel') count(most, `task.${body.kind} ${body.task}`)
      if (body.kind === 'cancel-many') for (const id of body.tasks ?? []) count(most, `task.cancel ${id}`)
    }
    for (const { actor, action, object } of kept.audited)
      if (actor === person && (action === 'task.retry' || action === 'task.cancel')) count(done, `${action} ${object}`)
    for (const [key, times] of done)
      check(times <= (most.get(key) ?? 0), `asked for ${most.get(key) ?? 0} times, done ${times} times: ${key}`)
  }

  /** The audit tells each transition once, in order, and ends where the record stands. */
  const ofAudit = (tasks: ReadonlyMap<string, Task>) => {
    const states = new Map<string, string>()
    for (const { action, object, details } of kept.audited) {
      if (!action.startsWith('task.')) continue
      const { from, to } = (details ?? {}) as { from?: string; to?: string }
      const was = states.get(object)
      if (action !== 'task.create') check(was === from, `the audit leaps from ${was} to ${from} (${action}): ${object}`)
      check(to !== undefined, `the audit does not say where ${action} led: ${object}`)
      states.set(object, to ?? '')
    }
    for (const [id, { state }] of tasks)
      check(states.get(id) === state, `the audit ends with ${states.get(id)}, not ${state}: ${id}`)
  }

  return {
    asked: (id, request) => asked.set(id, { ...request, since: kept.audited.length }),
    done: (id) => {
      const it = asked.get(id)
      if (!it || isRefused(id)) return
      const { body, since } = it
      const isDone = (action: string, object: Id) =>
        kept.audited.slice(since).some((each) => each.action === action && each.object === object)
      if (body.kind === 'cancel') {
        const task = kept.tasks.get(body.task)
        check(
          !task || isTerminal(task.state) || isDone('task.cancel', body.task),
          `a cancel is forgotten: ${body.task}`,
        )
      }
      if (body.kind === 'retry') check(isDone('task.retry', body.task), `a retry is forgotten: ${body.task}`)
    },
    atRest: (tasks) => {
      const byKey = new Map<string, number>()
      for (const [id, { body }] of asked) {
        if (body.kind !== 'create') continue
        const key = body.task.idempotencyKey
        if (key !== undefined && tasks.has(id)) byKey.set(key, (byKey.get(key) ?? 0) + 1)
        const isThere = tasks.has(id) || key !== undefined || isRefused(id)
        check(isThere, `what was asked for never came: ${body.task.title} (${id})`)
      }
      for (const [key, count] of byKey) check(count === 1, `${count} tasks of the key ${key}`)
      ofCounts()
      ofAudit(tasks)
    },
  }
}
