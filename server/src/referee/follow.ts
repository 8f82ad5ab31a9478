import { isTerminal, type Task } from '@tandem/shared'
import { makeRoom } from './concurrency.ts'
import { endedOtherwise } from './dependencies.ts'
import { placeOf } from './places.ts'
import type { RefereePorts, Turn } from './ports.ts'

/** What follows from a change, in the same turn: for those that wait for this task, and those it takes the place of. */
export function follow(ports: RefereePorts, turn: Turn, before: Task | undefined, task: Task): void {
  const { board } = turn
  const by = ports.workspaceId
  if (task.state === 'completed') {
    for (const other of board.dependents(task.id)) {
      if (other.state === 'blocked') turn.change(other, { t: 'proceed', to: placeOf(ports, turn, other) }, by)
    }
  } else if (isTerminal(task.state)) {
    const reason = endedOtherwise(task)
    for (const other of board.dependents(task.id)) turn.change(other, { t: 'drop', code: 'dependency', reason }, by)
  } else if (task.state === 'queued' && before?.state !== 'queued') makeRoom(ports, turn, task)
}
