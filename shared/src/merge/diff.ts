import { diffArrays } from 'diff'
import type { TextEdit } from './edits.ts'
import { diffLines, splitLines, type Hunk } from './lines.ts'

type DiffOptions = {
  /** How long line matching, and then word matching, may each take before coarser edits are taken. */
  deadlineMs?: number
}

/**
 * Small edits that turn `from` into `to`: by lines, refined to words only inside a line that was changed into another
 * (operations on single characters mangled words when two people edited at once). Never splits a surrogate pair.
 */
export function diffText(from: string, to: string, { deadlineMs = 200 }: DiffOptions = {}): TextEdit[] {
  if (from === to) return []
  const a = splitLines(from)
  const b = splitLines(to)
  const edits: TextEdit[] = []
  const wordsUntil = Date.now() + deadlineMs
  let at = 0
  let line = 0
  for (const hunk of diffLines(a, b, deadlineMs)) {
    for (; line < hunk.a0; line++) at += a[line]?.length ?? 0
    for (const [olds, news] of pieces(a, b, hunk, wordsUntil)) {
      const before = olds.join('')
      const after = news.join('')
      if (olds.length === 1 && news.length === 1 && Date.now() < wordsUntil) edits.push(...wordEdits(at, before, after))
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
  until: number,
): [string[], string[]][] {
  const isBlock = a1 === a0 || b1 === b0 || a1 - a0 > maxPaired || b1 - b0 > maxPaired
  if (isBlock || (a1 - a0 === 1 && b1 - b0 === 1)) return [[a.slice(a0, a1), b.slice(b0, b1)]]
  const out: [string[], string[]][] = []
  const wordsInB = b.slice(b0, b1).map(wordsOf)
  let [i, j] = [a0, b0]
  for (let x = a0; x < a1 && Date.now() < until; x++) {
    const words = wordsOf(a[x] ?? '')
    let best = -1
    let bestScore = 0.5
    for (let y = j; y < b1; y++) {
      const score = likeness(words, wordsInB[y - b0] ?? [])
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

function wordEdits(start: number, before: string, after: string): TextEdit[] {
  const whole = [{ at: start, del: before.length, ins: after }]
  if (before.length > maxLine || after.length > maxLine) return whole
  const parts = diffArrays(tokens(before), tokens(after), { timeout: 20 })
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
