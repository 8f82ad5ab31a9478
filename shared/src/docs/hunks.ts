import type * as Y from 'yjs'
import { TandemError } from '../base/errors.ts'
import { applyToString, type TextEdit } from '../merge/edits.ts'
import { maxHunkText, type Chars, type HunkText } from '../protocol/review.ts'
import { charsIn } from './char-ids.ts'
import { applyEdits } from './text.ts'

/** So much of a long line is shown on either side of what was changed in it, in characters. */
const maxAround = 200
/** So many pieces one hunk has at most: as many as anybody looks at. */
const maxParts = 1_000

/** Makes edits (as `applyEdits`) and answers what they are, as hunks. Throws `too-large` before anything is made. */
export function traceEdits(text: Y.Text, edits: readonly TextEdit[], origin: unknown): HunkText[] {
  const size = edits.reduce((sum, { del, ins }) => sum + del + ins.length, 0)
  if (size > maxHunkText)
    throw new TandemError('too-large', { reason: 'this change is too large to be reviewed', limit: maxHunkText, size })
  const before = text.toString()
  const old = charsIn(
    text,
    edits.map(({ at, del }) => ({ at, length: del })),
  )
  applyEdits(text, edits, origin)
  let moved = 0
  const put = edits.map(({ at, del, ins }) => {
    const place = { at: at + moved, length: ins.length }
    moved += ins.length - del
    return place
  })
  return hunksOf(before, edits, old, charsIn(text, put))
}

/** Groups edits by the lines they are in: those of one line, and of lines that follow each other, are together. */
export function groupEdits(before: string, edits: readonly TextEdit[]): (readonly TextEdit[])[] {
  const groups: TextEdit[][] = []
  for (const edit of edits) {
    const last = groups.at(-1)
    if (last && last.length < maxParts && isNear(before, last.at(-1), edit)) last.push(edit)
    else groups.push([edit])
  }
  return groups
}

function hunksOf(before: string, edits: readonly TextEdit[], old: readonly Chars[], put: readonly Chars[]): HunkText[] {
  const hunks: HunkText[] = []
  const lines = lineCounter(before)
  let [i, added] = [0, 0]
  for (const group of groupEdits(before, edits)) {
    const first = i
    const { start, end } = reachOf(before, group)
    const inner = group.map((edit) => ({ ...edit, at: edit.at - start }))
    const oldText = before.slice(start, end)
    let moved = 0
    hunks.push({
      line: lines(start) + added,
      oldText,
      newText: applyToString(oldText, inner),
      parts: inner.map(({ at, del, ins }, n) => {
        const part = { oldAt: at, newAt: at + moved, old: old[first + n] ?? [], new: put[first + n] ?? [] }
        moved += ins.length - del
        return part
      }),
    })
    for (const { at, del, ins } of group) added += feeds(ins) - feeds(before.slice(at, at + del))
    i += group.length
  }
  return hunks
}

const feeds = (text: string): number => text.split('\n').length - 1

/** Tells the line of a place; asked for places that ascend. */
function lineCounter(text: string): (at: number) => number {
  let [seen, line] = [0, 1]
  return (at) => {
    line += feeds(text.slice(seen, at))
    seen = at
    return line
  }
}

function isNear(before: string, a: TextEdit | undefined, b: TextEdit | undefined): boolean {
  if (!a || !b) return false
  const first = before.indexOf('\n', a.at + a.del)
  if (first < 0 || first >= b.at) return true
  const second = before.indexOf('\n', first + 1)
  return second < 0 || second >= b.at
}

/** The whole lines in which edits are; of long ones a part. */
function reachOf(before: string, edits: readonly TextEdit[]): { start: number; end: number } {
  const [first, last] = [edits[0], edits.at(-1)]
  if (!first || !last) return { start: 0, end: 0 }
  const lineStart = first.at === 0 ? 0 : before.lastIndexOf('\n', first.at - 1) + 1
  const start = whole(before, Math.max(lineStart, first.at - maxAround))
  const end = last.at + last.del
  const after = applyToString(
    before.slice(start, end),
    edits.map((edit) => ({ ...edit, at: edit.at - start })),
  )
  const isWhole = (text: string) => text === '' || text.endsWith('\n')
  if (isWhole(before.slice(start, end)) && isWhole(after)) return { start, end }
  const feed = before.indexOf('\n', end)
  const lineEnd = feed < 0 ? before.length : feed + 1
  return { start, end: lineEnd - end > maxAround ? whole(before, end + maxAround) : lineEnd }
}

/** Not inside a character of two units. */
const whole = (text: string, at: number): number =>
  at > 0 && /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(at - 1, at + 1)) ? at + 1 : at
