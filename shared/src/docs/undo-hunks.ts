import * as Y from 'yjs'
import type { Chars, EditHunk, Taken } from '../protocol/review.ts'
import { addRun, lengthOf, originals, segments, standInsOf, type StandIns } from './char-ids.ts'
import { indexIds, type IdIndex } from './id-index.ts'
import { swapChars, type Swapped } from './swap-chars.ts'

type Text = Pick<EditHunk, 'oldText' | 'newText' | 'parts'>

/** The other hunks in a text. */
export type Known = {
  rejected: readonly Text[]
  /** Neither rejected nor to be undone now. */
  standing: readonly Text[]
}

export type UndoOptions = {
  /**
   * What becomes of what others wrote inside: `kept`, or `gone`, so that it is exactly as it was. Asked of a person where
   * a hunk is `changed`; the third choice is to leave it.
   */
  others: 'kept' | 'gone'
  /**
   * Leave a hunk as it is where somebody took away all that one of its pieces had put: of a whole run, nobody is asked.
   * The whole of it, since what a run moved is old in one piece and new in another.
   */
  spare: boolean
}

export type UndoneHunks = Pick<Swapped, 'update'> & {
  /** What went of each, to bring it back. */
  taken: Map<string, Taken>
  /** Those that stay as they are. */
  left: ReadonlySet<string>
}

/**
 * The update that undoes hunks of one text, together: what they put goes, what they took comes back, and what lies in
 * each other is undone as if neither had been. Made by nobody yet; to be applied as what another made. `again` are those
 * that were undone before: of what they took only that comes back which never did, since somebody may have deleted the
 * rest.
 */
export function undoHunks(
  doc: Y.Doc,
  hunks: ReadonlyMap<string, Text>,
  { rejected, standing }: Known,
  { others, spare }: UndoOptions,
  again: ReadonlySet<string> = new Set(),
): UndoneHunks {
  const known = standInsOf(doc.getText('content'))
  const there = shownIn(doc, known)
  const took = indexOf([...hunks.values(), ...standing, ...rejected], 'old', known)
  const wasBack = putBackIn(doc, known)
  const left = new Set<string>()
  for (const [id, { parts }] of hunks)
    if (spare && !again.has(id) && parts.some((part) => isOver(originals(part.new, known), joined(there, took))))
      left.add(id)
  const staying = [...standing, ...[...left].flatMap((id) => hunks.get(id) ?? [])]
  // What another rejected hunk had put, and what another one that stands took as well, at the same time.
  const noMore = joined(indexOf(rejected, 'new', known), indexOf(staying.filter(isIn(doc)), 'old', known))
  const taken: UndoneHunks['taken'] = new Map()
  const [take, put, clear]: [Chars, Taken[], Chars[]] = [[], [], []]
  for (const [id, { oldText, newText, parts }] of hunks) {
    if (left.has(id)) continue
    const gone: Taken = { chars: [], text: '' }
    // One that somebody brought back while apart is there, whatever was decided: it is undone as if for the first time.
    const isThere = parts.some((part) =>
      originals(part.new, known).some((run) => there.pieces(...run).some(({ hit }) => hit)),
    )
    for (const part of parts) {
      const own = originals(part.new, known)
      for (const run of own) addRun(take, ...run)
      const words = newText.slice(part.newAt, part.newAt + lengthOf(own))
      // What these hunks took themselves would be there again; what somebody else took would not.
      const ours = pick({ chars: own, text: words }, joined(there, took))
      gone.chars.push(...ours.chars)
      gone.text += ours.text
      const old = originals(part.old, known)
      const back = { chars: old, text: oldText.slice(part.oldAt, part.oldAt + lengthOf(old)) }
      const open = pick(back, not(noMore))
      put.push(again.has(id) && !isThere ? pick(open, not(joined(wasBack, nothing))) : open)
      if (others === 'gone') clear.push([...part.old, ...part.new])
    }
    if (gone.chars.length > 0) taken.set(id, gone)
  }
  const swapped = swapChars(doc, { take, put, clear })
  if (others === 'gone') addOthers(taken, swapped.taken, hunks, known)
  return { update: swapped.update, taken, left }
}

/** The update that brings an undone hunk back: what had come back for it goes, and what went is there again. */
export function redoHunk(doc: Y.Doc, hunk: Text, taken: Taken | undefined, { standing }: Known): Swapped {
  const known = standInsOf(doc.getText('content'))
  const take: Chars = []
  for (const { old } of hunk.parts) for (const run of originals(old, known)) addRun(take, ...run)
  const noMore = indexOf(standing.filter(isIn(doc)), 'old', known)
  const put = taken
    ? [pick(taken, (run) => noMore.pieces(...run).map((piece) => ({ ...piece, isIn: !piece.hit })))]
    : []
  return swapChars(doc, { take, put })
}

type Run = Chars[number]
type Cut = { clock: number; length: number; isIn: boolean }

/** Those of the characters that are in, with their words. */
function pick({ chars, text }: Taken, cut: (run: Run) => Cut[]): Taken {
  const out: Taken = { chars: [], text: '' }
  let at = 0
  for (const run of chars)
    for (const { clock, length, isIn } of cut(run)) {
      if (isIn) {
        addRun(out.chars, run[0], clock, length)
        out.text += text.slice(at, at + length)
      }
      at += length
    }
  return out
}

/** Which of a run's characters are in either. */
const joined =
  (a: IdIndex<true>, b: IdIndex<true>) =>
  ([client, start, size]: Run): Cut[] =>
    a.pieces(client, start, size).flatMap((piece) =>
      b.pieces(client, piece.clock, piece.length).map(({ clock, length, hit }) => ({
        clock,
        length,
        isIn: piece.hit !== undefined || hit !== undefined,
      })),
    )

/** Whether all of what a piece put was taken away, and not by what is known to have taken it. */
const isOver = (own: Chars, isOurs: (run: Run) => Cut[]): boolean =>
  own.length > 0 && own.every((run) => isOurs(run).every(({ isIn: ours }) => !ours))

const nothing = indexIds<true>([])
const not = (cut: (run: Run) => Cut[]) => (run: Run) => cut(run).map((piece) => ({ ...piece, isIn: !piece.isIn }))

/** The characters that were ever put back, whether or not that is still there. */
function putBackIn(doc: Y.Doc, known: StandIns): IdIndex<true> {
  const back: [number, number, number, true][] = []
  for (const { id, original, length } of segments(doc.getText('content'), known))
    if (id.client !== original.client || id.clock !== original.clock)
      back.push([original.client, original.clock, length, true])
  return indexIds(back)
}

/** Whether what a hunk put ever came to this copy: one that was kept and never went out took nothing. */
const isIn =
  (doc: Y.Doc) =>
  ({ parts }: Text): boolean =>
    parts.every((part) => part.new.every(([client, clock, length]) => Y.getState(doc.store, client) >= clock + length))

function shownIn(doc: Y.Doc, known: StandIns): IdIndex<true> {
  const shown: [number, number, number, true][] = []
  for (const { original, length, shown: here } of segments(doc.getText('content'), known))
    if (here) shown.push([original.client, original.clock, length, true])
  return indexIds(shown)
}

const indexOf = (hunks: readonly Text[], which: 'old' | 'new', known: StandIns): IdIndex<true> =>
  indexIds(
    hunks.flatMap(({ parts }) =>
      parts.flatMap((part) => originals(part[which], known).map((run) => [...run, true] as const)),
    ),
  )

/** What went of others' words is to come back with the first of the hunks. */
function addOthers(taken: Map<string, Taken>, all: Taken, hunks: ReadonlyMap<string, Text>, known: StandIns): void {
  const [first] = hunks.keys()
  const own = indexOf([...hunks.values()], 'new', known)
  const foreign = pick(all, (run) => own.pieces(...run).map((piece) => ({ ...piece, isIn: !piece.hit })))
  if (first === undefined || foreign.chars.length === 0) return
  const before = taken.get(first)
  taken.set(first, {
    chars: [...(before?.chars ?? []), ...foreign.chars],
    text: (before?.text ?? '') + foreign.text,
  })
}
