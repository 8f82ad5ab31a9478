import type { Task } from '@tandem/shared'
import type { RefereePorts, Turn } from './ports.ts'

/** One that was just asked for takes the place of those with its key that wait, where there are too many of them. */
export function replaceWaiting({ workspaceId }: RefereePorts, { board, change }: Turn, task: Task): void {
  const { concurrency } = task
  if (!concurrency || concurrency.onFull === 'queue') return
  const others = board.withKey(concurrency.key).filter(({ id }) => id !== task.id)
  if (others.length < concurrency.limit) return
  for (const other of others) change(other, { t: 'drop', code: 'replaced', reason: tookItsPlace(task) }, workspaceId)
}

/** One that may start now ends those of its key that run, the oldest first, as many as are in its way. */
export function makeRoom({ workspaceId: by }: RefereePorts, turn: Turn, task: Task): void {
  if (task.concurrency?.onFull !== 'cancel_running') return
  const { key, limit } = task.concurrency
  const running = turn.board
    .withKey(key)
    .filter(({ lease, cancel }) => lease !== undefined && !cancel)
    .toSorted((a, b) => (a.queuedAt ?? 0) - (b.queuedAt ?? 0))
  for (const other of running.slice(0, Math.max(0, running.length - limit + 1))) {
    const after = turn.change(other, { t: 'cancel', by, force: false, reason: tookItsPlace(task) }, by)
    if (after) turn.tellCancel(after)
  }
}

const tookItsPlace = ({ title, concurrency }: Task): string =>
  `‘${title}’ with the same key ${concurrency?.key ?? ''} took its place`
