import { diffArrays } from 'diff'
import type { TextEdit } from './edits.ts'
import { diffLines, splitLines, type Hunk } from './lines.ts'

/**
 * How much work words are worth in one diff, in comparisons of one word with another; then lines are taken whole. Counted,
 * not timed: the same two texts are always the same edits, on a busy machine too and on every one that makes them.
 */
const maxComparisons = 1_000_000
type Work = { left: number }

/**
 * Small edits that turn `from` into `to`: by lines, refined to words only inside a line that was changed into another
 * (operations on single characters mangled words when two people edited at once). Never splits a surrogate pair.
 */
export function diffText(from: string, to: string): TextEdit[] {
  if (from === to) return []
  const a = splitLines(from)
  const b = splitLines(to)
  const edits: TextEdit[] = []
  const work: Work = { left: maxComparisons }
  let at = 0
  let line = 0
  for (const hunk of diffLines(a, b)) {
    for (; line < hunk.a0; line++) at += a[line]?.length ?? 0
    for (const [olds, news] of pieces(a, b, hunk, work)) {
      const before = olds.join('')
      const after = news.join('')
      if (olds.length === 1 && news.length === 1) edits.push(...wordEdits(at, before, after, work))
      else if (before !== after) edits.push({ at, del: before.length, ins: after })
      at += before.length
    }
    line = hunk.a1
  }
  return edits
}

const maxPaired = 40
/** Longer lines are compared with no other, nor word by word: one changed line of megabytes took half a minute. */
const maxLine = 5_000

/** Cuts a hunk into pairs of lines that resemble each other and the blocks between them. */
function pieces(
  a: readonly string[],
  b: readonly string[],
  { a0, a1, b0, b1 }: Hunk,
  work: Work,
): [string[], string[]][] {
  const isBlock = a1 === a0 || b1 === b0 || a1 - a0 > maxPaired || b1 - b0 > maxPaired
  if (isBlock || (a1 - a0 === 1 && b1 - b0 === 1)) return [[a.slice(a0, a1), b.slice(b0, b1)]]
  const out: [string[], string[]][] = []
  const wordsInB = b.slice(b0, b1).map(wordsOf)
  let [i, j] = [a0, b0]
  for (let x = a0; x < a1 && work.left > 0; x++) {
    const words = wordsOf(a[x] ?? '')
    let best = -1
    let bestScore = 0.5
    for (let y = j; y < b1; y++) {
      const others = wordsInB[y - b0] ?? []
      work.left -= words.length + others.length
      const score = likeness(words, others)
      if (score > bestScore) [best, bestScore] = [y, score]
    }
    if (best < 0) continue
    if (i < x || j < best) out.push([a.slice(i, x), b.slice(j, best)])
    out.push([a.slice(x, x + 1), b.slice(best, best + 1)])
    ;[i, j] = [x + 1, best + 1]
  }
  if (i < a1 || j < b1) out.push([a.slice(i, a1), b.slice(j, b1)])
  return out
}

/** Words, runs of blanks, and single characters else; whole code points throughout. */
const tokens = (line: string): string[] => line.match(/[\p{L}\p{M}\p{N}_]+|\s+|[^]/gu) ?? []

/** None of a line that is too long to be like another. */
const wordsOf = (line: string): string[] =>
  line.length > maxLine ? [] : tokens(line).filter((token) => token.trim() !== '')

/** The share of words that two lines have in common, 0 to 1. */
function likeness(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return 0
  const left = new Map<string, number>()
  for (const word of a) left.set(word, (left.get(word) ?? 0) + 1)
  let common = 0
  for (const word of b) {
    const n = left.get(word) ?? 0
    if (n > 0) {
      common++
      left.set(word, n - 1)
    }
  }
  return (2 * common) / (a.length + b.length)
}

/** So many words of a line may differ; one that differs more is another line. */
const maxWordEdits = 200

function wordEdits(start: number, before: string, after: string, work: Work): TextEdit[] {
  const whole = [{ at: start, del: before.length, ins: after }]
  if (before.length > maxLine || after.length > maxLine || work.left <= 0) return whole
  const [olds, news] = [tokens(before), tokens(after)]
  const length = olds.length + news.length
  work.left -= length * Math.min(length, maxWordEdits)
  const parts = diffArrays(olds, news, { maxEditLength: maxWordEdits })
  if (!parts) return whole
  const edits: TextEdit[] = []
  let at = start
  let open: TextEdit | undefined
  for (const part of parts) {
    const text = part.value.join('')
    if (!part.added && !part.removed) {
      at += text.length
      open = undefined
      continue
    }
    if (!open) edits.push((open = { at, del: 0, ins: '' }))
    if (part.removed) {
      open.del += text.length
      at += text.length
    } else open.ins += text
  }
  return edits
}
