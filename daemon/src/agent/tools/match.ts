/** Where a text to be replaced is, and what is to stand there, indented as the place is. */
export type Place = { at: number; length: number; newText: string }

/**
 * All places of a text in another: exactly; else line by line without regard to blanks at their ends; else without
 * regard to how far all of it is indented, and then the new text is indented as the place is.
 */
export function placesOf(text: string, oldText: string, newText: string): Place[] {
  const exact: Place[] = []
  for (let at = text.indexOf(oldText); at >= 0; at = text.indexOf(oldText, at + oldText.length))
    exact.push({ at, length: oldText.length, newText })
  return exact.length > 0 ? exact : tolerantly(text, oldText, newText)
}

function tolerantly(text: string, oldText: string, newText: string): Place[] {
  const isEnded = oldText.endsWith('\n')
  const wanted = (isEnded ? oldText.slice(0, -1) : oldText).split('\n')
  const first = wanted.findIndex((line) => line.trim() !== '')
  if (first < 0) return []
  const lines = text.split('\n')
  const starts = [0]
  for (const line of lines) starts.push((starts.at(-1) ?? 0) + line.length + 1)
  const find = (isLike: (line: string, want: string, shift: Shift) => boolean): Place[] => {
    const out: Place[] = []
    for (let i = 0; i + wanted.length <= lines.length; i++) {
      if (lines[i + first]?.trim() !== wanted[first]?.trim()) continue
      const shift = { from: indentOf(wanted[first] ?? ''), to: indentOf(lines[i + first] ?? '') }
      if (!wanted.every((want, n) => isLike(lines[i + n] ?? '', want, shift))) continue
      const at = starts[i] ?? 0
      const last = i + wanted.length - 1
      const end = (starts[last] ?? 0) + (lines[last]?.length ?? 0)
      const length = Math.min(end + (isEnded ? 1 : 0), text.length) - at
      out.push({ at, length, newText: shifted(newText, shift) })
      i = last
    }
    return out
  }
  const inPlace = find((line, want) => line.trimEnd() === want.trimEnd())
  return inPlace.length > 0
    ? inPlace
    : find((line, want, shift) => line.trimEnd() === shifted(want, shift).trimEnd() && isShifted(want, shift))
}

type Shift = { from: string; to: string }
const indentOf = (line: string): string => /^[ \t]*/.exec(line)?.[0] ?? ''
const isShifted = (line: string, { from }: Shift) => line.trim() === '' || line.startsWith(from)

const shifted = (text: string, { from, to }: Shift): string =>
  from === to
    ? text
    : text
        .split('\n')
        .map((line) => (line.trim() !== '' && line.startsWith(from) ? to + line.slice(from.length) : line))
        .join('\n')

const words = (line: string): Set<string> => new Set(line.match(/[\p{L}\p{N}_]+/gu))
/** So many lines are compared: of a larger file the first. */
const maxCompared = 50_000

/** The lines, from 1, that are most like where a text was meant to be: at most three, the likest first. */
export function likeliest(text: string, oldText: string): number[] {
  const wanted = oldText.split('\n').toSorted((a, b) => words(b).size - words(a).size)[0] ?? ''
  const own = words(wanted.slice(0, 2_000))
  if (own.size === 0) return []
  return text
    .split('\n', maxCompared)
    .map((line, n) => {
      const others = words(line.slice(0, 2_000))
      const common = [...own].filter((word) => others.has(word)).length
      return { line: n + 1, likeness: (2 * common) / (own.size + others.size || 1) }
    })
    .filter(({ likeness }) => likeness >= 0.4)
    .toSorted((a, b) => b.likeness - a.likeness || a.line - b.line)
    .slice(0, 3)
    .map(({ line }) => line)
}
