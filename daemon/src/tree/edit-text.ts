import { TandemError, applyToString, diffText, type Chars, type HunkText, type Id, type TextEdit } from '@tandem/shared'
import { charsOfState, groupEdits, stateOfUpdate } from '@tandem/shared/docs'
import type { Documents } from './ports.ts'
import { readToChange } from './read-to-change.ts'
import type { Version } from './tree.ts'

/** A change that was not made because somebody else changed the same meanwhile: its line as the text is now, and what was meant. */
export type Skipped = { line: number; oldText: string; newText: string }

export type PreparedText = {
  /** The text as it was just before; `changed` as it will be, but for what others type from here on. */
  readonly text: string
  readonly changed: string
  readonly hunks: readonly HunkText[]
  readonly skipped: readonly Skipped[]
  /** Once the document includes this state, the change has arrived. */
  readonly state: string
  /** Makes it; durable when resolved. Throws `conflict` where the server refuses it. */
  send(signal: AbortSignal): Promise<void>
}

/** A text of the tree, which one may be written and how. */
export type TextVersion = Extract<Version, { kind: 'text' }>

export type TextEdits = {
  /**
   * Prepares what somebody made of a text that they had read, for the text as it is now. Nothing is made yet. Throws
   * `forbidden` for what may not be written, `conflict` where it is gone.
   */
  prepare(base: TextVersion, mine: string, task: Id | undefined, signal: AbortSignal): Promise<PreparedText>
  /** Whether a change that was prepared has arrived, by its state. */
  hasArrived(id: Id, state: string, signal: AbortSignal): Promise<boolean>
  /** The characters of a text that nobody has touched since it was made so; undefined where somebody has. */
  madeOf(id: Id, text: string, signal: AbortSignal): Promise<Chars | undefined>
}

/** Changes texts by the smallest edits, each known to the character before it is made. `require` throws for what may not be written. */
export function createTextEdits(
  documents: Pick<Documents, 'ready' | 'read' | 'seed' | 'change'>,
  require: (id: Id) => void,
): TextEdits {
  const requireReady = () => {
    if (!documents.ready.snapshot())
      throw new TandemError('offline', { reason: 'the workspace is not connected; nothing was changed' })
  }
  const read = async (id: Id, texts: ReturnType<Documents['read']>) => {
    const found = (await texts).get(id)
    if (found) return found
    throw new TandemError('store-corrupt', { reason: 'the server cannot read this text' })
  }
  return {
    prepare: async (base, mine, task, signal) => {
      require(base.id)
      requireReady()
      const now = await read(base.id, readToChange(documents, [base.id], task, signal))
      const { edits, skipped } = editsOver(base.text, mine, now.text)
      const { update, hunks = [] } = now.prepare(edits, task, true)
      return {
        text: now.text,
        changed: applyToString(now.text, edits),
        hunks,
        skipped,
        state: stateOfUpdate(update),
        send: async (s) => {
          if (edits.length === 0) return
          require(base.id)
          const refused = await documents.change([{ id: base.id, update }], task, s)
          if (refused.has(base.id))
            throw new TandemError('conflict', { reason: 'the server did not take the change', path: base.path })
        },
      }
    },
    hasArrived: async (id, state, signal) => {
      requireReady()
      return (await read(id, documents.read([id], signal))).includes(state)
    },
    madeOf: async (id, text, signal) => {
      requireReady()
      const now = await read(id, documents.read([id], signal))
      const chars = charsOfState(now.state)
      return now.text === text && chars.length <= 1 ? chars : undefined
    },
  }
}

/**
 * The edits that make in a text, as it is now, what somebody made of the text that they had read, line by line. Where
 * somebody else changed what one of them would change, it is left out and told; where they made the same, it is made.
 */
export function editsOver(base: string, mine: string, now: string): { edits: TextEdit[]; skipped: Skipped[] } {
  const wanted = diffText(base, mine)
  if (base === now) return { edits: wanted, skipped: [] }
  const theirs = diffText(base, now)
  const edits: TextEdit[] = []
  const skipped: Skipped[] = []
  let [moved, next] = [0, 0]
  const known = new Set(theirs.map((edit) => JSON.stringify(edit)))
  for (const group of groupEdits(base, wanted)) {
    const [start, last] = [group[0]?.at ?? 0, group.at(-1)]
    const end = (last?.at ?? 0) + (last?.del ?? 0)
    for (let t = theirs[next]; t && t.at + t.del <= start; t = theirs[++next]) moved += t.ins.length - t.del
    if (group.every(({ at, del, ins }) => known.has(JSON.stringify({ at, del, ins })))) continue
    const clash = theirs[next]
    if (!clash || clash.at >= end) {
      edits.push(...group.map((edit) => ({ ...edit, at: edit.at + moved })))
      continue
    }
    skipped.push({
      line: now.slice(0, Math.max(0, clash.at + moved)).split('\n').length,
      oldText: base.slice(start, end),
      newText: applyToString(
        base.slice(start, end),
        group.map((edit) => ({ ...edit, at: edit.at - start })),
      ),
    })
  }
  return { edits, skipped }
}
