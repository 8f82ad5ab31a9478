import { isHeld, isTerminal, type Id, type Task, type ToDaemon } from '@tandem/shared'
import type { Board } from './board.ts'
import { follow } from './follow.ts'
import type { RefereePorts, Turn } from './ports.ts'
import { endQuestions } from './questions.ts'
import { next } from './transitions.ts'

/**
 * Takes turns: one at a time, so that what is sent keeps the order of what was decided. `mayTell` is asked once that is on
 * disk: whether that daemon still is whom it was decided for.
 */
export function createTurns(
  ports: RefereePorts,
  board: Board,
): (work: (turn: Turn) => void, mayTell?: (daemonId: Id) => boolean) => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  /** Daemons that were refused for want of room alone: their answer to this question lets them claim again. */
  const wantRoom = new Set<Id>()
  const take = async (work: (turn: Turn) => void, mayTell: (daemonId: Id) => boolean) => {
    const outbox: { to: Id; message: ToDaemon }[] = []
    const now = ports.clock.now()
    const ended = new Map<Id, Task>()
    const turn: Turn = {
      now,
      board,
      add: (task, actor) => {
        board.put(task)
        const { id, title, state } = task
        const details = {
          kind: task.payload.kind,
          title,
          to: state,
          ...(task.rerunOf ? { rerunOf: task.rerunOf } : {}),
        }
        ports.audit({ actor, action: 'task.create', object: id, details })
        follow(ports, turn, undefined, task)
      },
      change: ({ id }, event, actor) => {
        const before = board.get(id)
        const after = before && next(before, event, now, ports.random())
        if (!after) return undefined
        board.put(after)
        if (isTerminal(after.state) && !isTerminal(before.state)) ended.set(id, after)
        // At once: it may be asked for anew in this very turn.
        const isUnanswered = event.t === 'cancel' || event.t === 'drop'
        if (before.state === 'awaiting_approval' && isUnanswered) endQuestions(ports, now, id)
        const { exitCode, sandbox } = isTerminal(after.state) ? (after.result ?? {}) : {}
        const details = {
          from: before.state,
          to: after.state,
          attempt: after.attempt,
          ...(exitCode === undefined ? {} : { exitCode }),
          ...(sandbox === undefined ? {} : { sandbox }),
        }
        ports.audit({ actor, action: `task.${event.t}`, object: id, details })
        follow(ports, turn, before, after)
        if (isHeld(before.state) && !isHeld(after.state)) {
          for (const daemonId of wantRoom) turn.tell(daemonId, { t: 'status-request' })
          wantRoom.clear()
        }
        return after
      },
      wantsRoom: (daemonId) => wantRoom.add(daemonId),
      tell: (to, message) => outbox.push({ to, message }),
      tellCancel: ({ id, attempt, lease, cancel }) => {
        if (lease) turn.tell(lease.daemonId, { t: 'cancel', task: id, attempt, force: cancel?.force ?? false })
      },
    }
    await ports.commit(() => work(turn))
    for (const { to, message } of outbox) if (mayTell(to)) ports.send(to, message)
    for (const task of ended.values()) ports.ended?.(task)
  }
  return (work, mayTell = () => true) => {
    const mine = last.then(() => take(work, mayTell))
    // Whoever took that turn hears of its failure; the next one goes on.
    last = mine.catch(() => {})
    return mine
  }
}
