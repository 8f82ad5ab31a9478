import type { TextEdit } from '@tandem/shared'
import type * as M from 'monaco-editor/editor'
import type * as Y from 'yjs'
import { normaliseEol } from './eol.ts'
import type { Monaco } from './monaco.ts'
import { ownUndo } from './own-undo.ts'
import { QuietBinding } from './quiet-binding.ts'
import { relativeSelections, type RelativeSelection } from './relative-selection.ts'
import { syncText } from './text-sync.ts'

export type Binding = {
  /** A selection that stays on its characters whatever others write. */
  toRelative(selection: M.Selection): RelativeSelection
  /** Where such a selection is now; undefined once its text is gone or not here yet. */
  fromRelative(relative: RelativeSelection): M.Selection | undefined
  /** Makes edits as if they were typed, all of them one step of undo. False where the text would grow too large. */
  edit(edits: readonly TextEdit[]): boolean
  /** How often the model had to be put right after the fact: 0 in healthy use. */
  repairs(): number
  dispose(): void
}

export type BindingOptions = {
  monaco: Monaco
  text: Y.Text
  model: M.editor.ITextModel
  /** Asked anew each time, so that a tab that closed leaves nothing behind. */
  editors: () => Iterable<M.editor.ICodeEditor>
  /** An edit that would make the text longer than this many UTF-8 bytes is refused before it is made. */
  maxBytes: number
  onRefused: () => void
  /** Called after each edit that was made here. */
  onOwnEdit?: () => void
}

/**
 * Keeps a Monaco model and a shared text the same, character for character, and makes undo mean "my own edits".
 * The model's end is the binding's end.
 */
export function bindText({
  monaco,
  text,
  model,
  editors,
  maxBytes,
  onRefused,
  onOwnEdit = () => {},
}: BindingOptions): Binding {
  // Monaco would change line ends by itself as it fills the model: change the shared side first, then pin the model.
  normaliseEol(text)
  const owner = new QuietBinding(text, model)
  model.setEOL(monaco.editor.EndOfLineSequence.LF)
  const selections = relativeSelections({ monaco, text, model })
  const sync = syncText({ monaco, text, model, origin: owner, maxBytes, onRefused, onOwnEdit })
  const undo = ownUndo({ text, model, origin: owner, editors, selections })
  const edit = (edits: readonly TextEdit[]) => undo.alone(() => sync.edit(edits))
  let open = true
  const dispose = () => {
    if (!open) return
    open = false
    ending.dispose()
    undo.dispose()
    sync.dispose()
    owner.destroy()
  }
  const ending = model.onWillDispose(dispose)
  return { ...selections, edit, repairs: sync.repairs, dispose }
}
