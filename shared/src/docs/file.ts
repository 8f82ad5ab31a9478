import type * as Y from 'yjs'
import type { TextEdit } from '../merge/edits.ts'
import { applyEdits } from './text.ts'
import { cachedView, type View } from './view.ts'

export type FileText = View<string> & {
  /** For the editor's binding and for relative positions; everyone else uses the verbs. */
  readonly text: Y.Text
  /** Applies edits, given in coordinates of the text as it stands, in one transaction. Text is never rewritten whole. */
  edit(edits: readonly TextEdit[], origin: unknown): void
}

/** The text of one file: LF only, one `Y.Text`. */
export function openFile(doc: Y.Doc): FileText {
  const text = doc.getText('content')
  return {
    ...cachedView(
      () => text.toString(),
      (changed) => text.observe(changed),
    ),
    text,
    edit: (edits, origin) => applyEdits(text, edits, origin),
  }
}
