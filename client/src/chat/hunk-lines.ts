import type { EditHunk } from '@tandem/shared'

/** One line of a change: as it was, as it is, or in both. */
export type HunkLine = { sign: ' ' | '-' | '+'; text: string }

/** The lines of a change, those that begin or end both sides once. */
export function linesOf({ oldText, newText }: Pick<EditHunk, 'oldText' | 'newText'>): HunkLine[] {
  const [before, after] = [split(oldText), split(newText)]
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) head++
  let tail = 0
  const most = Math.min(before.length, after.length) - head
  while (tail < most && before.at(-1 - tail) === after.at(-1 - tail)) tail++
  const as = (sign: HunkLine['sign']) => (text: string) => ({ sign, text })
  return [
    ...before.slice(0, head).map(as(' ')),
    ...before.slice(head, before.length - tail).map(as('-')),
    ...after.slice(head, after.length - tail).map(as('+')),
    ...before.slice(before.length - tail).map(as(' ')),
  ]
}

/** How many lines came and went. */
export function countsOf(hunks: readonly Pick<EditHunk, 'oldText' | 'newText'>[]): { added: number; removed: number } {
  const lines = hunks.flatMap(linesOf)
  return { added: lines.filter((l) => l.sign === '+').length, removed: lines.filter((l) => l.sign === '-').length }
}

function split(text: string): string[] {
  if (text === '') return []
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')
}
