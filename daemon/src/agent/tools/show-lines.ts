/** Longer lines are cut, in characters. */
const maxLine = 2_000

/** Lines of a text with their numbers, from 1: `12<tab>words`. Answers too how many there are, and the first that is left. */
export function showLines(
  text: string,
  from: number,
  to: number,
  maxChars: number,
): { shown: string; total: number; left: number | undefined } {
  const lines = text.split('\n')
  // What ends in a line feed has no line behind it.
  const total = lines.length - (lines.at(-1) === '' ? 1 : 0)
  const out: string[] = []
  let size = 0
  for (let n = from; n <= Math.min(to, total); n++) {
    const line = lines[n - 1] ?? ''
    const shown = `${n}\t${line.length > maxLine ? `${line.slice(0, maxLine)} … (${line.length - maxLine} more)` : line}`
    size += shown.length + 1
    if (size > maxChars && out.length > 0) return { shown: out.join('\n'), total, left: n }
    out.push(shown)
  }
  return { shown: out.join('\n'), total, left: to < total ? Math.max(to, from - 1) + 1 : undefined }
}

/** The line of a place, from 1. */
export const lineAt = (text: string, at: number): number => text.slice(0, at).split('\n').length

/** So many lines before and behind. */
const around = 3

/** What stands around some lines, as it is now; of places that touch, once. */
export function showAround(text: string, lines: readonly number[], maxChars = 4_000): string {
  const out: string[] = []
  let shownTo = 0
  for (const line of lines.toSorted((a, b) => a - b)) {
    const from = Math.max(1, line - around, shownTo + 1)
    const to = line + around
    if (from > to) continue
    const { shown } = showLines(text, from, to, Math.max(200, maxChars / lines.length))
    if (shown !== '') out.push(shown)
    shownTo = to
  }
  return out.join('\n…\n')
}
