import type { HistoryPage, Step } from '@tandem/shared'

/** What of the past is here: steps, the newest first; `cursor` asks for what is older, absent at the beginning. */
export type Loaded = { steps: readonly Step[]; cursor: string | undefined }

/** A step by its first entry, which is nobody else's: it may still grow at its other end. */
export const keyOf = (step: Step): number => step.before

/**
 * The newest page laid over what is here. Steps that grew are replaced; where the two have no step in common, more
 * happened meanwhile than a page holds, and the page alone is what is known without a gap.
 */
export function withNewest(have: Loaded, page: HistoryPage): Loaded {
  const fresh = new Set(page.steps.map(keyOf))
  const isJoined = have.steps.some((step) => fresh.has(keyOf(step)))
  if (!isJoined || page.cursor === undefined) return { steps: page.steps, cursor: page.cursor }
  const oldest = Math.min(...page.steps.map((step) => step.seq))
  const below = have.steps.filter((step) => !fresh.has(keyOf(step)) && step.seq < oldest)
  return { steps: [...page.steps, ...below], cursor: below.length > 0 ? have.cursor : page.cursor }
}

/** The next older page put below what is here. */
export function withOlder(have: Loaded, page: HistoryPage): Loaded {
  const held = new Set(have.steps.map(keyOf))
  return { steps: [...have.steps, ...page.steps.filter((step) => !held.has(keyOf(step)))], cursor: page.cursor }
}
