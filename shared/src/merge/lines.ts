import { diffArrays } from 'diff'

/** Lines `a0..a1` of the old text became lines `b0..b1` of the new one. */
export type Hunk = { a0: number; a1: number; b0: number; b1: number }

/** Splits behind each line feed; only the last line may lack one. */
export const splitLines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

/** With more lines added and removed than this, the shortest way is not looked for: its search grows with the square. */
const maxLineEdits = 1_000

/**
 * What changed between two lists of lines: ascending hunks that do not touch. Equal ends are trimmed, then jsdiff may
 * look for up to a thousand added and removed lines (a quarter of a second at worst); a rewritten large file falls back
 * to anchors at lines that occur once on both sides, so that no input can stall the program (a character diff took 40 s
 * on a rewritten file of 1,000 lines). By count and not by time: the same lists have the same hunks wherever and
 * whenever they are compared.
 */
export function diffLines(a: readonly string[], b: readonly string[]): Hunk[] {
  const shorter = Math.min(a.length, b.length)
  let head = 0
  while (head < shorter && a[head] === b[head]) head++
  let tail = 0
  while (tail < shorter - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  const [aEnd, bEnd] = [a.length - tail, b.length - tail]
  if (head === aEnd && head === bEnd) return []
  if (head === aEnd || head === bEnd) return [{ a0: head, a1: aEnd, b0: head, b1: bEnd }]
  const parts = diffArrays(a.slice(head, aEnd), b.slice(head, bEnd), { maxEditLength: maxLineEdits }) as
    | { count: number; added: boolean; removed: boolean }[]
    | undefined
  if (!parts) return anchored(a, b, head, aEnd, bEnd)
  const hunks: Hunk[] = []
  let [i, j] = [head, head]
  let open: Hunk | undefined
  for (const { added, removed, count } of parts) {
    if (!added && !removed) {
      i += count
      j += count
      open = undefined
      continue
    }
    if (!open) hunks.push((open = { a0: i, a1: i, b0: j, b1: j }))
    if (removed) open.a1 = i += count
    else open.b1 = j += count
  }
  return hunks
}

/** Patience: lines that occur once in both, in the longest order common to both, stay; all between them is a hunk. */
function anchored(a: readonly string[], b: readonly string[], head: number, aEnd: number, bEnd: number): Hunk[] {
  const once = (lines: readonly string[], end: number) => {
    const at = new Map<string, number>()
    for (let i = head; i < end; i++) at.set(lines[i] ?? '', at.has(lines[i] ?? '') ? -1 : i)
    return at
  }
  const inB = once(b, bEnd)
  const pairs: [number, number][] = []
  for (const [line, i] of once(a, aEnd)) {
    const j = inB.get(line) ?? -1
    if (i >= 0 && j >= 0) pairs.push([i, j])
  }
  pairs.sort((x, y) => x[0] - y[0])
  const hunks: Hunk[] = []
  let [i, j] = [head, head]
  for (const [x, y] of [...longestRising(pairs), [aEnd, bEnd] as const]) {
    if (i < x || j < y) hunks.push({ a0: i, a1: x, b0: j, b1: y })
    i = x + 1
    j = y + 1
  }
  return hunks
}

/** The longest subsequence whose second numbers rise; n log n. */
function longestRising(pairs: readonly [number, number][]): [number, number][] {
  const tops: number[] = []
  const before: number[] = []
  for (const [k, [, y]] of pairs.entries()) {
    let lo = 0
    let hi = tops.length
    while (lo < hi) {
      const mid = (lo + hi) >> 1
      if ((pairs[tops[mid] ?? 0]?.[1] ?? 0) < y) lo = mid + 1
      else hi = mid
    }
    before[k] = lo > 0 ? (tops[lo - 1] ?? -1) : -1
    tops[lo] = k
  }
  const chain: [number, number][] = []
  for (let k = tops.at(-1) ?? -1; k >= 0; k = before[k] ?? -1) {
    const pair = pairs[k]
    if (pair) chain.push(pair)
  }
  return chain.toReversed()
}
