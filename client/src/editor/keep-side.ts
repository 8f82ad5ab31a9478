import { merge, type Merged } from '@tandem/shared'

/**
 * The text once one side of a conflict is kept: `chosen` in the place of `before`, which is what stood there when the
 * conflict arose. What was typed since then stays; where it cannot be told apart, the present text gives way whole.
 */
export const keepSide = (before: string | undefined, chosen: string, current: string): Merged =>
  merge(before ?? current, chosen, current)
