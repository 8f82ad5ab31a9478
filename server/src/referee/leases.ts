import { type FromDaemon, type Id, isHeld, type Task } from '@tandem/shared'
import type { Board } from './board.ts'

type Hello = Extract<FromDaemon, { t: 'hello' }>

/** What we know of a daemon since it said hello. In memory alone: heartbeats never go into documents. */
export type DaemonSession = {
  bootId: Id
  slots: number
  /** What it says that tasks may need; undefined where it does not say. */
  capabilities: readonly string[] | undefined
  /** Server's time of the last hello, for people. */
  seenAt: number
  /** The same in time that never jumps. */
  heardAt: number
  /** The daemon's clock at that hello, echoed in grants. */
  mono: number
  /** Number of the last grant to this boot. */
  grantSeq: number
}

export type Reconciled = {
  /** Held by a process that is no more. */
  dead: Task[]
  /** Granted, but the daemon never saw it. */
  unseenGrants: Task[]
  /** Still under way: their leases begin anew. */
  alive: Task[]
  /** Attempts the daemon has and must end. */
  kill: { task: Id; attempt: number }[]
}

/**
 * Compares what the daemon says it runs with what it was granted. `running` also names attempts that ended but whose
 * report is not acknowledged yet.
 */
export function reconcile(daemonId: Id, hello: Hello, board: Pick<Board, 'get' | 'heldBy'>): Reconciled {
  const runs = new Set(hello.running.map((r) => `${r.task}.${r.attempt}`))
  const out: Reconciled = { dead: [], unseenGrants: [], alive: [], kill: [] }
  for (const task of board.heldBy(daemonId)) {
    if (!task.lease) continue
    if (task.lease.bootId !== hello.bootId) out.dead.push(task)
    else if (runs.has(`${task.id}.${task.attempt}`)) out.alive.push(task)
    else if (task.lease.grantSeq > hello.lastGrantSeq) out.unseenGrants.push(task)
    else out.dead.push(task)
  }
  out.kill = hello.running.filter(({ task, attempt }) => !mayReport(board.get(task), daemonId, attempt))
  return out
}

/** Whether that daemon's word on that attempt counts: the current attempt's holder, or who had the one given up as lost. */
export function mayReport(task: Task | undefined, daemonId: Id, attempt: number): task is Task {
  if (!task || task.attempt !== attempt) return false
  if (isHeld(task.state)) return task.lease?.daemonId === daemonId
  return task.state === 'lost' && task.attempts.at(-1)?.daemonId === daemonId
}

/** Whether that daemon may say of a task which nobody has begun that it will not run it, or not unasked: not of another's. */
export const mayJudge = ({ target }: Task, daemonId: Id): boolean => !target || target.daemonId === daemonId

export type Leases = {
  renew(task: Id): void
  forget(task: Id): void
  /** The server's `mono` at which the lease of a held task ends, or ended. */
  expiresAt(task: Task): number
}

/**
 * When leases end. Renewals are kept here and not in the record, which would grow with every heartbeat. After a
 * restart every lease gets one full life: nobody could have renewed it meanwhile. Times are the server's `mono`.
 */
export function createLeases(now: () => number, leaseMs: number): Leases {
  const startedAt = now()
  const renewedAt = new Map<Id, number>()
  return {
    renew: (task) => {
      renewedAt.set(task, now())
    },
    forget: (task) => {
      renewedAt.delete(task)
    },
    expiresAt: (task) => (renewedAt.get(task.id) ?? startedAt) + leaseMs,
  }
}
