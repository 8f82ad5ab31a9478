import type { Answer, Approval, DaemonPresence, Records } from '@tandem/shared/docs'
import type { Clock, Id, Log, Role, Settings, Task, ToDaemon } from '@tandem/shared'
import type { Board } from './board.ts'
import type { TaskEvent } from './transitions.ts'

/** Who asks for something, in which role. */
export type Requester = { id: Id; name: string; role: Role }

/** Tasks that ended long ago: kept, but in no document any more. */
export type Archive = {
  /** Kept from the turn's commit on. */
  add(task: Task): void
  /** The id of the task that this person or program made with that idempotency key. */
  madeWith(by: Id, idempotencyKey: string): Id | undefined
}

/** What the referee needs of its server. */
export type RefereePorts = {
  tasks: Records<Task>
  archive: Archive
  approvals: Records<Approval>
  answers: Records<Answer>
  daemons: Records<DaemonPresence>
  /** Runs `work` as one transaction per document (tasks, ops); resolves when that is on disk. */
  commit(work: () => void): Promise<void>
  send(daemonId: Id, message: ToDaemon): void
  clock: Clock
  /** Milliseconds that never jump, whoever sets the clock: what leases are counted in. */
  mono(): number
  /** In [0, 1). */
  random(): number
  log: Log
  settings: Settings
  workspaceId: Id
  audit(entry: { actor: Id; action: string; object: string; details?: unknown }): void
  /** A task has ended, and that is on disk: once for each time that it does [S108]. */
  ended?(task: Task): void
  /** Why this person or program may not create one more task now, in words; else counts it [S143]. */
  whyNotCreate(by: Id): string | undefined
  /** Whose this daemon is. */
  ownerOf(daemonId: Id): Id | undefined
  /** Ids of requests that were folded already, kept longer than anyone may be offline. */
  folded: { has(id: Id): boolean; add(id: Id): void }
}

/**
 * One decision of the referee: its changes are one commit, and what it says is sent once they are on disk. The board reads
 * what the turn has written; other records read as they stood before it.
 */
export type Turn = {
  now: number
  board: Board
  /** A new task, written and audited, and what follows from it. */
  add(task: Task, actor: Id): void
  /** The task after the event, written and audited, and what follows; undefined, and nothing happens, where that is not lawful. */
  change(task: Task, event: TaskEvent, actor: Id): Task | undefined
  tell(daemonId: Id, message: ToDaemon): void
  /** Has this daemon asked once more, when something that others hold has ended: only that it waits for. */
  wantsRoom(daemonId: Id): void
  /** Tells the daemon that holds it that the task's end was asked for. */
  tellCancel(task: Task): void
}
