import type { TextEdit } from '@tandem/shared'
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
  // What is thrown in an observer would keep others (the one that stores, the one that sends) from hearing of the
  // change: edits that Monaco refuses, which it does before it makes any, are made by `repair` instead.
  const applied = (edits: M.editor.IIdentifiedSingleEditOperation[]) => {
    try {
      apply(edits)
      return true
    } catch {
      return false
    }
  }
  const follow = () => {
    if (model.isDisposed()) return false
    const have = model.getValue(LF)
    const want = text.toString()
    if (have === want) return false
    const { from, to, text: put } = minimalEdit(have, want)
    apply([{ range: range(from, to), text: put }])
    return true
  }
  const repair = () => {
    if (follow()) repairs++
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

  // Filling a model takes off a byte order mark, and every offset would be wrong by one; an edit lets it be.
  follow()

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
    // At once: as long as the model holds half a pair, Monaco moves what others write beside it.
    if (event.changes.some((change) => !change.text.isWellFormed())) queueMicrotask(repair)
    check()
    onOwnEdit()
  })

  const remote = (event: Y.YTextEvent, transaction: Y.Transaction) => {
    if (transaction.origin === origin) return
    const { edits, ...found } = toEdits(event.delta, model, range)
    // A carriage return, or a cut through a surrogate pair, which Monaco will not do: take the outcome instead.
    const odd = found.odd || transaction.origin === eolOrigin
    if (odd || !applied(edits)) repair()
    if (odd) queueMicrotask(() => !model.isDisposed() && normaliseEol(text))
    check()
  }
  text.observe(remote)

  return {
    /** As if typed: the model changes, and the shared text with it. False where that was refused. */
    edit: (edits: readonly TextEdit[]): boolean => {
      const operations = edits.map(({ at, del, ins }) => ({ range: range(at, at + del), text: ins }))
      model.pushEditOperations(null, operations, () => null)
      return !refusing
    },
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
  const put = (from: number, to: number, text: string) => {
    const wanted = range(from, to)
    // Not `validatePosition`: that lets the place behind half a pair at a line's end pass, `applyEdits` does not.
    odd ||= text.includes('\r') || !model.validateRange(wanted).equalsRange(wanted)
    edits.push({ range: wanted, text })
  }
  for (const op of delta) {
    if (op.retain !== undefined) at += op.retain
    else if (op.delete !== undefined) {
      put(at, at + op.delete, '')
      at += op.delete
    } else if (typeof op.insert === 'string') put(at, at, op.insert)
  }
  return { edits, odd }
}

const isLonger = (changes: readonly M.editor.IModelContentChange[]) =>
  changes.some((c) => c.text.length > c.rangeLength)

/** UTF-8 takes at most three bytes a UTF-16 unit: only near the limit are they counted. */
function tooLarge(model: M.editor.ITextModel, maxBytes: number, lf: M.editor.EndOfLinePreference): boolean {
  return model.getValueLength(lf) * 3 > maxBytes && new TextEncoder().encode(model.getValue(lf)).length > maxBytes
}
