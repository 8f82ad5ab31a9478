import type * as M from 'monaco-editor/editor'
import type * as Y from 'yjs'
import { eolOrigin, normaliseEol } from './eol.ts'
import { minimalEdit } from './minimal-edit.ts'
import type { Monaco } from './monaco.ts'

/** How long after the last change both sides are compared in full. */
const verifyAfterMs = 250

type Deps = {
  monaco: Monaco
  text: Y.Text
  model: M.editor.ITextModel
  /** What our own transactions carry. */
  origin: object
  maxBytes: number
  onRefused: () => void
  onOwnEdit: () => void
}

/**
 * Carries edits both ways. From the shared text: one `applyEdits` a transaction, in coordinates of before it. Lengths
 * are compared after every change, whole texts a moment after the last one (Yjs can turn half a surrogate pair into
 * U+FFFD without saying so): where they differ, the model follows the shared text by its smallest edit.
 */
export function syncText({ monaco, text, model, origin, maxBytes, onRefused, onOwnEdit }: Deps) {
  const { LF } = monaco.editor.EndOfLinePreference
  let applying = false
  let refusing = false
  let repairs = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const range = (from: number, to: number) =>
    monaco.Range.fromPositions(model.getPositionAt(from), model.getPositionAt(to))
  const apply = (edits: M.editor.IIdentifiedSingleEditOperation[]) => {
    applying = true
    try {
      model.applyEdits(edits)
    } finally {
      applying = false
    }
  }
  const repair = () => {
    if (model.isDisposed()) return
    const have = model.getValue(LF)
    const want = text.toString()
    if (have === want) return
    repairs++
    const { from, to, text: put } = minimalEdit(have, want)
    apply([{ range: range(from, to), text: put }])
  }
  const check = () => {
    clearTimeout(timer)
    timer = setTimeout(repair, verifyAfterMs)
    if (text.length !== model.getValueLength(LF)) repair()
  }
  const refuse = () => {
    refusing = true
    // Not inside Monaco's own event: the model is put back once it has finished telling everybody.
    queueMicrotask(() => {
      repair()
      refusing = false
      onRefused()
    })
  }

  const local = model.onDidChangeContent((event) => {
    if (applying || refusing) return
    if (event.isEolChange) return model.setEOL(monaco.editor.EndOfLineSequence.LF)
    if (event.isFlush) return queueMicrotask(repair)
    if (isLonger(event.changes) && tooLarge(model, maxBytes, LF)) return refuse()
    text.doc?.transact(() => {
      for (const change of event.changes.toSorted((a, b) => b.rangeOffset - a.rangeOffset)) {
        if (change.rangeLength > 0) text.delete(change.rangeOffset, change.rangeLength)
        // Half a surrogate pair would become U+FFFD on the wire, and only there: make it so for everyone.
        if (change.text !== '') text.insert(change.rangeOffset, change.text.toWellFormed())
      }
    }, origin)
    check()
    onOwnEdit()
  })

  const remote = (event: Y.YTextEvent, transaction: Y.Transaction) => {
    if (transaction.origin === origin) return
    const { edits, ...found } = toEdits(event.delta, model, range)
    // A carriage return, or a cut through a surrogate pair, which Monaco will not do: take the outcome instead.
    const odd = found.odd || transaction.origin === eolOrigin
    if (odd) repair()
    else apply(edits)
    if (odd) queueMicrotask(() => !model.isDisposed() && normaliseEol(text))
    check()
  }
  text.observe(remote)

  return {
    repairs: () => repairs,
    dispose: () => {
      clearTimeout(timer)
      text.unobserve(remote)
      local.dispose()
    },
  }
}

/** A Yjs delta as Monaco's edits; `odd` where Monaco would not do exactly that. */
function toEdits(
  delta: Y.YTextEvent['delta'],
  model: M.editor.ITextModel,
  range: (from: number, to: number) => M.Range,
) {
  const edits: M.editor.IIdentifiedSingleEditOperation[] = []
  let at = 0
  let odd = false
  const look = (offset: number) => {
    const p = model.getPositionAt(offset)
    odd ||= model.validatePosition(p).column !== p.column
  }
  for (const op of delta) {
    if (op.retain !== undefined) at += op.retain
    else if (op.delete !== undefined) {
      look(at)
      look(at + op.delete)
      edits.push({ range: range(at, at + op.delete), text: '', forceMoveMarkers: false })
      at += op.delete
    } else if (typeof op.insert === 'string') {
      look(at)
      odd ||= op.insert.includes('\r')
      edits.push({ range: range(at, at), text: op.insert })
    }
  }
  return { edits, odd }
}

const isLonger = (changes: readonly M.editor.IModelContentChange[]) =>
  changes.some((c) => c.text.length > c.rangeLength)

/** UTF-8 takes at most three bytes a UTF-16 unit: only near the limit are they counted. */
function tooLarge(model: M.editor.ITextModel, maxBytes: number, lf: M.editor.EndOfLinePreference): boolean {
  return model.getValueLength(lf) * 3 > maxBytes && new TextEncoder().encode(model.getValue(lf)).length > maxBytes
}
