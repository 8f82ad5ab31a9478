import * as Y from 'yjs'
import { isTandemError, messageOf } from '../base/errors.ts'
import type { Id } from '../base/ids.ts'
import type { EditHunk, ReviewHunk } from '../protocol/review.ts'
import { segments, standInsOf } from './char-ids.ts'
import { indexIds } from './id-index.ts'
import type { Files } from './files.ts'
import { changeIndex } from './index-hunks.ts'
import type { Review } from './review.ts'
import { redoHunk, undoHunks, type Known, type UndoOptions } from './undo-hunks.ts'
import { stateOf } from './versions.ts'

/** The origin of what is undone or brought back. */
const origin = 'review'

export type Deciding = {
  /** All of the run. */
  hunks: ReadonlyMap<string, ReviewHunk>
  review: Review
  /** Other runs that changed the same files: what of theirs was rejected does not come back with this one. */
  elsewhere?: readonly { hunks: ReadonlyMap<string, ReviewHunk>; review: Review }[]
  files: Files
  /** A text's document, in sync; one that is open in an editor is that very one, so that the editor follows. */
  open(file: Id): Promise<{ doc: Y.Doc; release(): void }>
  /** Who decides. */
  by: Id
  now: number
}
/** What stays as it is, and why, in words. */
export type Left = { hunk: string; reason: string }

/** They stay as they are, and are not asked about any more. */
export const acceptHunks = ({ review, now }: Pick<Deciding, 'review' | 'now'>, ids: Iterable<string>): void =>
  review.transact(() => {
    for (const id of ids) review.decide(id, { state: 'accepted', at: now })
  })

/**
 * Undoes these changes of a run, or all of them (with `spare`), across files; answers what could not be undone, or not
 * wholly. A file that cannot be reached keeps the others from nothing.
 */
export async function rejectHunks(deciding: Deciding, ids: Iterable<string>, how: UndoOptions): Promise<Left[]> {
  const { hunks, review } = deciding
  const left: Left[] = []
  const wanted = new Map<string, ReviewHunk>()
  for (const id of ids) {
    const hunk = hunks.get(id)
    const isRejected = review.snapshot().get(id)?.state === 'rejected'
    // Of an edit the text tells: somebody else may have brought it back while apart, or kept it from coming back.
    if (hunk && !(isRejected && hunk.kind !== 'edit')) wanted.set(id, hunk)
  }
  for (const file of new Set([...wanted.values()].map((hunk) => hunk.file))) {
    const own = new Map([...wanted].filter(([, hunk]) => hunk.file === file))
    try {
      left.push(...(await rejectInFile(deciding, file, own, how)))
    } catch (e) {
      if (!isTandemError(e)) throw e
      for (const hunk of own.keys()) left.push({ hunk, reason: messageOf(e) })
    }
  }
  return left
}

async function rejectInFile(
  deciding: Deciding,
  file: Id,
  wanted: ReadonlyMap<string, ReviewHunk>,
  how: UndoOptions,
): Promise<Left[]> {
  const { hunks, review, files, open, by, now } = deciding
  const left: Left[] = []
  const rejected = (id: string, more = {}) => review.decide(id, { state: 'rejected', at: now, ...more })
  const edits = new Map<string, EditHunk>()
  const isMade = [...wanted.values()].some(({ kind }) => kind === 'create')
  const { doc, release } = await open(file)
  try {
    if (isMade && !files.get(file)?.deleted) {
      if (!isOnlyOf(doc, file, hunks)) {
        for (const hunk of wanted.keys())
          left.push({ hunk, reason: 'somebody else wrote in this file since; it stays' })
        return left
      }
      files.remove(file, { by, at: now, snapshot: stateOf(doc) })
      review.transact(() => [...wanted.keys()].forEach((id) => rejected(id)))
      return left
    }
    for (const [id, hunk] of wanted) {
      const reason = hunk.kind === 'edit' ? undefined : changeIndex(files, hunk, 'undo', { by, at: now })
      if (hunk.kind === 'edit') edits.set(id, hunk)
      else if (reason === undefined) rejected(id)
      else left.push({ hunk: id, reason })
    }
    if (edits.size === 0) return left
    if (files.get(file)?.deleted !== undefined) {
      for (const hunk of edits.keys()) left.push({ hunk, reason: 'the file was removed since' })
      return left
    }
    const again = new Set([...edits.keys()].filter((id) => review.snapshot().get(id)?.state === 'rejected'))
    const undone = undoHunks(doc, edits, knownOf(deciding, file, edits), how, again)
    if (undone.update) Y.applyUpdate(doc, undone.update, origin)
    review.transact(() => {
      for (const id of edits.keys()) {
        const taken = undone.taken.get(id)
        if (undone.left.has(id)) left.push({ hunk: id, reason: 'somebody else wrote in its place since' })
        // What is to come back with one that was rejected before is what went then.
        else if (!again.has(id)) rejected(id, taken && { taken })
      }
    })
    return left
  } finally {
    release()
  }
}

/** What is known of a file beside the hunks that are dealt with. */
function knownOf(
  { hunks, review, elsewhere = [] }: Pick<Deciding, 'hunks' | 'review' | 'elsewhere'>,
  file: Id,
  dealtWith: ReadonlyMap<string, EditHunk>,
): Known {
  const known = { rejected: [] as EditHunk[], standing: [] as EditHunk[] }
  for (const run of [{ hunks, review }, ...elsewhere])
    for (const [id, hunk] of run.hunks) {
      if (hunk.kind !== 'edit' || hunk.file !== file || dealtWith.has(id)) continue
      known[run.review.snapshot().get(id)?.state === 'rejected' ? 'rejected' : 'standing'].push(hunk)
    }
  return known
}

/** Whether all that a text says was put there by the run. */
function isOnlyOf(doc: Y.Doc, file: Id, hunks: ReadonlyMap<string, ReviewHunk>): boolean {
  const own = [...hunks.values()].flatMap((hunk) => {
    if (hunk.file !== file) return []
    if (hunk.kind === 'create') return hunk.new ?? []
    return hunk.kind === 'edit' ? hunk.parts.flatMap((part) => part.new) : []
  })
  const index = indexIds(own.map((run) => [...run, true] as const))
  const text = doc.getText('content')
  for (const { original, length, shown } of segments(text, standInsOf(text)))
    if (shown && index.pieces(original.client, original.clock, length).some(({ hit }) => !hit)) return false
  return true
}

/** Brings rejected changes back; answers what could not be. */
export async function bringBack(deciding: Deciding, ids: Iterable<string>): Promise<Left[]> {
  const { hunks, review, files, open, by, now } = deciding
  const left: Left[] = []
  for (const id of ids) {
    const hunk = hunks.get(id)
    const decision = review.snapshot().get(id)
    if (!hunk || decision?.state !== 'rejected') continue
    try {
      if (hunk.kind !== 'edit') {
        const reason = changeIndex(files, hunk, 'redo', { by, at: now })
        if (reason === undefined) review.decide(id, { state: 'back', at: now })
        else left.push({ hunk: id, reason })
        continue
      }
      const { doc, release } = await open(hunk.file)
      try {
        const known = knownOf(deciding, hunk.file, new Map([[id, hunk]]))
        const { update } = redoHunk(doc, hunk, decision.taken, known)
        if (update) Y.applyUpdate(doc, update, origin)
        review.decide(id, { state: 'back', at: now })
      } finally {
        release()
      }
    } catch (e) {
      if (!isTandemError(e)) throw e
      left.push({ hunk: id, reason: messageOf(e) })
    }
  }
  return left
}
