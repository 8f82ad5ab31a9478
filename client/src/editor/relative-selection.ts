import type * as M from 'monaco-editor/editor'
import * as Y from 'yjs'
import type { Monaco } from './monaco.ts'

/** As in y-monaco's awareness: both ends as Yjs relative positions. */
export type RelativeSelection = { anchor: Y.RelativePosition; head: Y.RelativePosition }

type Deps = { monaco: Monaco; text: Y.Text; model: M.editor.ITextModel }

/** Turns selections of the model into relative ones of the text, and back. */
export function relativeSelections({ monaco, text, model }: Deps) {
  const relative = (p: M.IPosition) => Y.createRelativePositionFromTypeIndex(text, model.getOffsetAt(p), -1)
  const absolute = (p: Y.RelativePosition) => {
    const at = text.doc && Y.createAbsolutePositionFromRelativePosition(p, text.doc, false)
    return at?.type === text ? model.getPositionAt(at.index) : undefined
  }
  return {
    toRelative: (s: M.Selection): RelativeSelection => ({
      anchor: relative({ lineNumber: s.selectionStartLineNumber, column: s.selectionStartColumn }),
      head: relative({ lineNumber: s.positionLineNumber, column: s.positionColumn }),
    }),
    fromRelative: ({ anchor, head }: RelativeSelection): M.Selection | undefined => {
      const from = absolute(anchor)
      const to = absolute(head)
      return from && to && new monaco.Selection(from.lineNumber, from.column, to.lineNumber, to.column)
    },
  }
}

export type RelativeSelections = ReturnType<typeof relativeSelections>
