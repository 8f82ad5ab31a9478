import type * as M from 'monaco-editor/editor'
import { MonacoBinding } from 'y-monaco'
import type * as Y from 'yjs'

/**
 * y-monaco's binding with its handling of text taken out: as published it corrupts text on undo after a remote edit,
 * diverges on carriage returns and split surrogate pairs, and leaks listeners (docs/adr/0010-editor-binding.md). What
 * stays is its ownership of text and model, its first fill and its end with the model; `bindText` adds the rest.
 */
export class QuietBinding extends MonacoBinding {
  constructor(text: Y.Text, model: M.editor.ITextModel) {
    // Its own cursors need one awareness per file; ours ride on the workspace's one (see peer-cursors.ts).
    super(text, model as never, new Set(), null)
    const parts = this as unknown as Internals
    text.unobserve(parts._ytextObserver)
    parts._monacoChangeHandler.dispose()
    parts.doc.off('beforeAllTransactions', parts._beforeTransaction)
  }

  override destroy(): void {
    ;(this as unknown as Internals)._monacoDisposeHandler.dispose()
  }
}

type Internals = {
  doc: Y.Doc
  _ytextObserver: (event: Y.YTextEvent, transaction: Y.Transaction) => void
  _monacoChangeHandler: { dispose(): void }
  _monacoDisposeHandler: { dispose(): void }
  _beforeTransaction: () => void
}
