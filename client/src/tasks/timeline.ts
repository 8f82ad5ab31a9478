import { isTerminal, type Task } from '@tandem/shared'
import { lookOf, type Tone } from './describe.ts'

/** A stretch of a task's life, as parts of the whole from 0 to 1. */
export type Stretch = { from: number; to: number; attempt: number | undefined; tone: Tone; ms: number }

/** When a task waited and when it ran, from when it was asked for until it ended, or until now. */
export function stretches({ createdAt, completedAt, attempts, state }: Task, now: number): readonly Stretch[] {
  const end = Math.max(completedAt ?? (isTerminal(state) ? (attempts.at(-1)?.endedAt ?? now) : now), createdAt + 1)
  const whole = end - createdAt
  const list: Stretch[] = []
  const add = (from: number, to: number, attempt: number | undefined, tone: Tone) => {
    if (to > from)
      list.push({ from: (from - createdAt) / whole, to: (to - createdAt) / whole, attempt, tone, ms: to - from })
  }
  let at = createdAt
  for (const { n, startedAt, endedAt, outcome } of attempts) {
    if (startedAt === undefined) continue
    const from = Math.max(at, startedAt)
    const to = Math.max(from, Math.min(endedAt ?? end, end))
    add(at, from, undefined, 'waiting')
    add(from, to, n, outcome === undefined ? 'running' : lookOf(outcome).tone)
    at = to
  }
  add(at, end, undefined, 'waiting')
  return list
}
