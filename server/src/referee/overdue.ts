import { isTerminal, type Id, type Task } from '@tandem/shared'
import type { DaemonPresence } from '@tandem/shared/docs'
import { expire, isOver } from './approvals.ts'
import { thin } from './archive.ts'
import type { Board } from './board.ts'
import type { DaemonSession, Leases } from './leases.ts'
import { placeOf } from './places.ts'
import type { RefereePorts, Turn } from './ports.ts'
import { setPresence } from './presence.ts'
import { aroundOf, whenAllRefused } from './refusals.ts'

/** What the clock alone brings about. */
export function createOverdue(
  ports: RefereePorts,
  board: Board,
  leases: Leases,
  sessions: ReadonlyMap<Id, DaemonSession>,
): { isThere(): boolean; settle(turn: Turn): void } {
  const { approvals, daemons, clock, settings, workspaceId } = ports

  const find = (now: number) => {
    const held = board.held()
    // Somebody may set the clock: what counts here is how much time has passed.
    const mono = ports.mono()
    const silentMs = ({ id, connectedAt = 0 }: DaemonPresence) => {
      const session = sessions.get(id)
      return session ? mono - session.heardAt : now - connectedAt
    }
    return {
      due: board.due(now),
      expired: held.filter((t) => t.state !== 'disconnected' && mono > leases.expiresAt(t)),
      // A daemon stops such processes two lease lives after its last answered hello; we wait for four more than one.
      given: held.filter(
        (t) =>
          t.state === 'disconnected' && t.onLost === 'requeue' && mono > leases.expiresAt(t) + 4 * settings.leaseMs,
      ),
      silent: [...daemons.snapshot().values()].filter(
        (d) => d.connection === 'online' && silentMs(d) > settings.unseenMs,
      ),
      refused: board.waiting().flatMap((task) => {
        const end = whenAllRefused(task, aroundOf(ports, sessions, now))
        return end ? [{ task, end }] : []
      }),
      old: thin(board, now),
    }
  }
  const begin = (turn: Turn, task: Task) =>
    turn.change(
      task,
      task.state === 'queued' ? { t: 'expire' } : { t: 'proceed', to: placeOf(ports, turn, task) },
      workspaceId,
    )

  return {
    isThere: () => {
      const now = clock.now()
      return (
        Object.values(find(now)).some((found) => found.length > 0) ||
        [...approvals.snapshot().values()].some((a) => isOver(a, board.get(a.subject.task), now))
      )
    },
    settle: (turn) => {
      const { due, expired, given, silent, refused, old } = find(turn.now)
      for (const task of due) begin(turn, task)
      for (const task of expired) turn.change(task, { t: 'unseen' }, task.lease?.daemonId ?? workspaceId)
      for (const task of given) {
        leases.forget(task.id)
        turn.change(task, { t: 'lose', reason: 'its daemon did not come back' }, workspaceId)
      }
      for (const { id } of silent)
        setPresence(ports, id, { connection: 'offline', lastSeenAt: sessions.get(id)?.seenAt ?? turn.now })
      for (const { task, end } of refused) turn.change(task, end, workspaceId)
      expire(ports, turn)
      for (const { id } of old) {
        const task = board.get(id)
        // One that was asked for again meanwhile stays.
        if (!task || !isTerminal(task.state)) continue
        ports.archive.add(task)
        // It is no longer its own proof that its request was done: a replica that was away may ask for it again.
        ports.folded.add(id)
        board.drop(id)
      }
    },
  }
}
