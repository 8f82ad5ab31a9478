import type { Answer, Approval, DaemonPresence, Records } from '@tandem/shared/docs'
import type { Clock, Id, Log, Settings, Task, ToDaemon } from '@tandem/shared'
import { next, type TaskEvent } from './transitions.ts'

/** What the referee needs of its server. */
export type RefereePorts = {
  tasks: Records<Task>
  approvals: Records<Approval>
  answers: Records<Answer>
  daemons: Records<DaemonPresence>
  /** Runs `work` as one transaction per document (tasks, ops); resolves when that is on disk. */
  commit(work: () => void): Promise<void>
  send(daemonId: Id, message: ToDaemon): void
  clock: Clock
  log: Log
  settings: Settings
  workspaceId: Id
  audit(entry: { actor: Id; action: string; object: string; details?: unknown }): void
  /** Whether this person or program may create one more task now; counts it [S143]. */
  mayCreate(by: Id): boolean
  /** Ids of requests that were folded already, kept longer than anyone may be offline. */
  folded: { has(id: Id): boolean; add(id: Id): void }
}

/**
 * One decision of the referee: its changes are one commit, and what it says is sent once they are on disk. Within a turn
 * records read as they stood before it.
 */
export type Turn = {
  now: number
  /** The task after the event, written and audited; undefined, and nothing happens, where that is not lawful. */
  change(task: Task, event: TaskEvent, actor: Id): Task | undefined
  tell(daemonId: Id, message: ToDaemon): void
}

/** Takes turns: one at a time, so that what is sent keeps the order of what was decided. */
export function createTurns(ports: RefereePorts): (work: (turn: Turn) => void) => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  const take = async (work: (turn: Turn) => void) => {
    const outbox: { to: Id; message: ToDaemon }[] = []
    const now = ports.clock.now()
    const turn: Turn = {
      now,
      change: (task, event, actor) => {
        const after = next(task, event, now)
        if (!after) return undefined
        ports.tasks.set(task.id, after)
        const { from, to, attempt } = { from: task.state, to: after.state, attempt: after.attempt }
        ports.audit({ actor, action: `task.${event.t}`, object: task.id, details: { from, to, attempt } })
        return after
      },
      tell: (to, message) => outbox.push({ to, message }),
    }
    await ports.commit(() => work(turn))
    for (const { to, message } of outbox) ports.send(to, message)
  }
  return (work) => {
    const mine = last.then(() => take(work))
    // Whoever took that turn hears of its failure; the next one goes on.
    last = mine.catch(() => {})
    return mine
  }
}
