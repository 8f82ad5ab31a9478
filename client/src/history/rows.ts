import type { Checkpoint, Step } from '@tandem/shared'
import { dayName } from '../ui/exact-time.ts'
import { keyOf } from './merge-page.ts'

/** One line of the timeline. */
export type Row =
  | { kind: 'day'; key: string; name: string }
  | { kind: 'step'; key: string; step: Step }
  | { kind: 'checkpoint'; key: string; checkpoint: Checkpoint }

type Shown = {
  steps: readonly Step[]
  checkpoints: Iterable<Checkpoint>
  /** Whether the first step there ever was is among them. */
  isWhole: boolean
  now: number
}

/**
 * Steps and the checkpoints between them, the newest first, under the names of their days. A checkpoint older than
 * what is loaded waits until the steps around it are here.
 */
export function rowsOf({ steps, checkpoints, isWhole, now }: Shown): readonly Row[] {
  const oldest = isWhole ? -1 : Math.min(...steps.map((step) => step.seq))
  const marks = [...checkpoints].filter((c) => c.seq >= oldest).toSorted((a, b) => b.seq - a.seq || b.at - a.at)
  const rows: Row[] = []
  let day: string | undefined
  const put = (at: number, row: Row) => {
    const name = dayName(at, now)
    if (name !== day) rows.push({ kind: 'day', key: `day ${name}`, name })
    day = name
    rows.push(row)
  }
  const mark = (checkpoint: Checkpoint) =>
    put(checkpoint.at, { kind: 'checkpoint', key: `checkpoint ${checkpoint.id}`, checkpoint })
  let next = 0
  for (const step of steps) {
    for (; next < marks.length && (marks[next]?.seq ?? 0) >= step.seq; next++) mark(marks[next] as Checkpoint)
    put(step.to, { kind: 'step', key: `step ${keyOf(step)}`, step })
  }
  for (const rest of marks.slice(next)) mark(rest)
  return rows
}
