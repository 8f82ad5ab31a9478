import type { Tandem } from '@tandem/e2e'
import type { Id } from '@tandem/shared'
import type { Row } from './stats.ts'
import { msToStart, taskApi, timeOf, type Seen } from './task-api.ts'

const slots = 3
const queued = 200
const urgent = 40
/** So long each of them runs: with three slots one is free some ten times a second. */
const taskMs = 250

/**
 * With every slot full and 200 waiting: how long a task that goes before all of them takes to start, the wait for a slot
 * within it, and how long a slot stays empty. By the server's clock, from the word of an end, or of the wish, to the word
 * that a process runs.
 */
export async function tasksQueued(tandem: Tandem): Promise<Row[]> {
  const { ask, look, ended } = taskApi(tandem)
  const waiting: Id[] = []
  const fill = async () => waiting.push(await ask('sleep', [String(taskMs / 1_000)]))
  while (waiting.length < queued + slots) await fill()
  const first: Seen[] = []
  for (let i = 0; i < urgent; i++) {
    first.push(await ended(await ask('true', [], { priority: 10 }), 50))
    // As many come as had their turn.
    for (let n = 0; n < 3; n++) await fill()
  }
  const done = (await Promise.all(waiting.map(look))).filter(({ completedAt }) => completedAt !== undefined)
  const starts = [...done, ...first].map(({ startedAt }) => timeOf(startedAt)).toSorted((a, b) => a - b)
  const ends = [...done, ...first].map(({ completedAt }) => timeOf(completedAt)).toSorted((a, b) => a - b)
  // Of the last ones we do not know which slot they took.
  const empty = starts.slice(slots, -slots).map((start, i) => start - (ends[i] ?? start))
  return [
    {
      what: `task of high priority created -> process started, ${queued} queued`,
      samples: first.map(msToStart),
      note: `with the wait for one of ${slots} slots, each taken for ${taskMs} ms at a time`,
    },
    {
      what: `slot free -> next process started, ${queued} queued`,
      samples: empty,
      note: 'from the word of one end to the word of the next start',
    },
  ]
}
