import type * as Y from 'yjs'
import type { TextEdit } from '../merge/edits.ts'

/** Applies edits (ascending, in the old text's coordinates) to a Y.Text in one transaction, last first. */
export function applyEdits(text: Y.Text, edits: readonly TextEdit[], origin: unknown): void {
  if (edits.length === 0) return
  const apply = () => {
    for (const { at, del, ins } of edits.toReversed()) {
      if (del > 0) text.delete(at, del)
      if (ins !== '') text.insert(at, ins)
    }
  }
  if (text.doc) text.doc.transact(apply, origin)
  else apply()
}
