import { diffText, merge, type TextEdit } from '@tandem/shared'

/**
 * The edits that bring to a text, as it stands now, what somebody made of the text that they had read. What was only added
 * at the end is added at the end; else both sides' lines are merged, and what cannot be told apart is kept twice.
 */
export function editsFor(base: string, mine: string, now: string): readonly TextEdit[] {
  if (mine === base || mine === now) return []
  if (mine.startsWith(base) && base !== '') return [{ at: now.length, del: 0, ins: mine.slice(base.length) }]
  return diffText(now, merge(base, mine, now).text)
}
