import type { Step } from '@tandem/shared'
import { exactTime } from '../ui/exact-time.ts'

/** A moment to go back to. `side` is where it stands in the comparison of each file. */
export type Moment = { label: string; version: number; side: 'before' | 'after'; when: string }

/** A version as it stands alone; in a comparison with now it is on the side before. */
export const momentOf = (version: number, at: number, now: number): Moment => ({
  label: 'then',
  version,
  side: 'before',
  when: exactTime(at, now),
})

/** Where one may go back to from a step. As it was after the newest one, it is: there the one before is offered first. */
export function momentsOf(
  step: Step,
  { isSince, isNewest }: { isSince: boolean; isNewest: boolean },
  now: number,
): readonly Moment[] {
  const after: Moment = {
    ...momentOf(step.seq, step.to, now),
    label: 'after this step',
    side: isSince ? 'before' : 'after',
  }
  if (isSince) return [after]
  const before: Moment = { ...momentOf(step.before, step.from, now), label: 'before this step' }
  return isNewest ? [before, after] : [after, before]
}
