import type * as M from 'monaco-editor/editor'
import * as Y from 'yjs'
import type { RelativeSelection, RelativeSelections } from './relative-selection.ts'

type Deps = {
  text: Y.Text
  model: M.editor.ITextModel
  origin: object
  editors: () => Iterable<M.editor.ICodeEditor>
  selections: RelativeSelections
}

/**
 * Undo of one's own edits only. Every way to undo (keys, menu, palette) ends in the model's own methods, so those are
 * replaced; the cursor goes back to where it was, measured in characters and not in offsets.
 */
export function ownUndo({ text, model, origin, editors, selections }: Deps) {
  const undo = new Y.UndoManager(text, { trackedOrigins: new Set([origin]), captureTimeout: 400 })
  const mine = () => [...editors()].filter((editor) => editor.getModel() === model)
  undo.on('stack-item-added', ({ stackItem }) => {
    const selection = mine()[0]?.getSelection()
    if (selection) stackItem.meta.set('selection', selections.toRelative(selection))
  })
  undo.on('stack-item-popped', ({ stackItem }) => {
    const kept = stackItem.meta.get('selection') as RelativeSelection | undefined
    const selection = kept && selections.fromRelative(kept)
    if (!selection) return
    for (const editor of mine().filter((e) => e.hasTextFocus())) {
      editor.setSelection(selection)
      editor.revealRangeInCenterIfOutsideViewport(selection)
    }
  })
  const restore = replaceMethods(model, {
    undo: () => void undo.undo(),
    redo: () => void undo.redo(),
    canUndo: () => undo.canUndo(),
    canRedo: () => undo.canRedo(),
  })
  return {
    /** What `work` changes is a step by itself, whatever was typed just before or after. */
    alone: <T>(work: () => T): T => {
      undo.stopCapturing()
      try {
        return work()
      } finally {
        undo.stopCapturing()
      }
    },
    dispose: () => {
      restore()
      undo.destroy()
    },
  }
}

type Replaced = Pick<M.editor.ITextModel, 'undo' | 'redo' | 'canUndo' | 'canRedo'>

/** Shadows methods of the prototype with own properties; the returned function takes them away again. */
function replaceMethods(model: M.editor.ITextModel, methods: Replaced): () => void {
  Object.assign(model, methods)
  return () => {
    for (const name of Object.keys(methods)) delete (model as Partial<Replaced>)[name as keyof Replaced]
  }
}
