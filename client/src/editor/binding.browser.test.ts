import { randomFrom } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { bindText, type Binding } from './binding.ts'
import { monaco } from './monaco.ts'

const { LF } = monaco.editor.EndOfLinePreference

/** Two documents that can be linked or apart, each with a model bound to it. */
function pair(start = '', clientIds = [1, 2]) {
  const docs = [new Y.Doc(), new Y.Doc()] as const
  docs.forEach((doc, i) => (doc.clientID = clientIds[i] as number))
  let linked = true
  docs.forEach((doc, i) =>
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (linked && origin !== 'link') Y.applyUpdate(docs[1 - i] as Y.Doc, update, 'link')
    }),
  )
  docs[0].getText('content').insert(0, start)
  const side = (doc: Y.Doc, maxBytes = 8 << 20) => {
    const model = monaco.editor.createModel('', 'plaintext')
    let refused = 0
    const text = doc.getText('content')
    const binding = bindText({ monaco, text, model, editors: () => [], maxBytes, onRefused: () => refused++ })
    return { doc, text, model, binding, refused: () => refused }
  }
  const left = side(docs[0])
  const right = side(docs[1])
  return {
    left,
    right,
    side,
    cut: () => (linked = false),
    join: () => {
      linked = true
      for (const [from, to] of [
        [docs[0], docs[1]],
        [docs[1], docs[0]],
      ] as const) {
        Y.applyUpdate(to, Y.encodeStateAsUpdate(from, Y.encodeStateVector(to)), 'link')
      }
    },
    dispose: () => [left, right].forEach((s) => s.model.dispose()),
  }
}

type Side = { model: monaco.editor.ITextModel; text: Y.Text; binding: Binding }
const value = ({ model }: Pick<Side, 'model'>) => model.getValue(LF)
/** As the keyboard does it: through the model's edit operations, with offsets of the text as it stands. */
function type({ model }: Pick<Side, 'model'>, at: number, remove: number, text: string) {
  const range = monaco.Range.fromPositions(model.getPositionAt(at), model.getPositionAt(at + remove))
  model.pushEditOperations([], [{ range, text }], () => null)
}
const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 300)) // longer than the binding's verification

test('[UI-10] undo takes back only my own edits, also after others wrote above', () => {
  const { left, right, dispose } = pair("import { x } from './money'\n")
  type(left, 0, 0, 'AAAA')
  type(right, 0, 0, 'a line of theirs\n')
  void left.model.undo()
  expect(value(left)).toBe("a line of theirs\nimport { x } from './money'\n")
  expect(value(right)).toBe(value(left))
  void left.model.redo()
  expect(value(right)).toBe("a line of theirs\nAAAAimport { x } from './money'\n")
  dispose()
})

test('[UI-132] edits made for a person arrive as one change, and are a step of undo between what was typed', () => {
  const { left, right, dispose } = pair('one\ntwo\n')
  type(left, 0, 0, 'typed ')
  let updates = 0
  left.doc.on('update', () => updates++)
  const edits = [
    { at: 6, del: 3, ins: 'ONE' },
    { at: 13, del: 1, ins: '\nthree\n' },
  ]
  expect(left.binding.edit(edits)).toBe(true)
  expect(updates).toBe(1)
  type(left, 0, 0, 'again ')
  expect(value(right)).toBe('again typed ONE\ntwo\nthree\n')
  void left.model.undo()
  expect(value(right)).toBe('typed ONE\ntwo\nthree\n')
  void left.model.undo()
  expect(value(right)).toBe('typed one\ntwo\n')
  void left.model.undo()
  expect(value(right)).toBe('one\ntwo\n')
  dispose()
})

test('[UI-14] edits made for a person that would make the text too large are refused too, and it is said', async () => {
  const { left, side, dispose } = pair('1234567890')
  const small = side(left.doc, 12)
  expect(small.binding.edit([{ at: 0, del: 0, ins: 'too much' }])).toBe(false)
  await settled()
  expect([value(small), small.text.toString(), small.refused()]).toEqual(['1234567890', '1234567890', 1])
  small.model.dispose()
  dispose()
})

test('[UI-11] carriage returns, mixed or lone, never reach the shared text and never split the sides', async () => {
  const { left, right, dispose } = pair('a\r\nb\rc\n')
  expect(value(left)).toBe('a\nb\nc\n')
  left.text.insert(1, '\r\nremote\r')
  type(right, 0, 0, 'x\r\ny')
  await settled()
  expect(value(left)).toBe(left.text.toString())
  expect(value(right)).toBe(value(left))
  expect(value(left)).not.toContain('\r')
  dispose()
})

test('[UI-12] one edit with many cursors arrives as one transaction and in the right places', () => {
  const { left, right, dispose } = pair('one\ntwo\nthree\n')
  let updates = 0
  left.doc.on('update', () => updates++)
  left.model.pushEditOperations(
    [],
    [1, 2, 3].map((line) => ({ range: new monaco.Range(line, 1, line, 1), text: '- ' })),
    () => null,
  )
  expect(value(right)).toBe('- one\n- two\n- three\n')
  expect(updates).toBe(1)
  dispose()
})

test('[UI-13] a surrogate pair cut in two by a remote edit is healed', async () => {
  const { left, right, dispose } = pair('a😀b')
  left.text.insert(2, 'x')
  await settled()
  expect(value(left)).toBe(left.text.toString())
  expect(value(right)).toBe(right.text.toString())
  expect(value(left)).toBe(value(right))
  dispose()
})

// Found by the fuzz: Monaco moved the insert before the half pair, into the deletion, and refused both by throwing, in
// the middle of the transaction's observers.
test('[UI-13] half a surrogate pair typed at the end of a line does not disturb what others write there', async () => {
  const { left, right, dispose } = pair('ab\ncd')
  type(left, 2, 0, '\ud83d')
  right.doc.transact(() => {
    right.text.delete(1, 2)
    right.text.insert(1, 'x')
  }, 'agent')
  expect(value(left)).toBe('ax\ncd')
  expect(value(right)).toBe('ax\ncd')
  type(left, 2, 0, '\ud83d')
  await Promise.resolve()
  expect(value(left)).toBe('ax\ufffd\ncd') // at once, and not only when both sides are next compared
  expect(left.text.toString()).toBe(value(left))
  dispose()
})

test('[UI-11] a byte order mark in the shared text does not shift the edits made after it', () => {
  const { left, right, side, dispose } = pair('\ufeffabc')
  const later = side(left.doc)
  expect(value(later)).toBe('\ufeffabc')
  type(later, 1, 1, 'x')
  expect(value(right)).toBe('\ufeffxbc')
  expect(left.text.toString()).toBe('\ufeffxbc')
  expect(later.binding.repairs()).toBe(0)
  later.model.dispose()
  dispose()
})

test('[UI-14] an edit that would make the text too large is refused before it is made', async () => {
  const { side, dispose } = pair('start')
  const small = side(new Y.Doc(), 20)
  type(small, 0, 0, 'fits')
  type(small, 0, 0, 'é'.repeat(20))
  await settled()
  expect(small.text.toString()).toBe('fits')
  expect(value(small)).toBe('fits')
  expect(small.refused()).toBe(1)
  small.model.dispose()
  dispose()
})

test('[UI-15] a selection of mine stays on its characters while others write before it', () => {
  const { left, right, dispose } = pair('hello world')
  const kept = left.binding.toRelative(new monaco.Selection(1, 7, 1, 12))
  type(right, 0, 0, 'line\n')
  expect(left.binding.fromRelative(kept)).toMatchObject({ startLineNumber: 2, startColumn: 7, endColumn: 12 })
  dispose()
})

test('[UI-16] fifty bindings made and ended leave no listener behind', () => {
  const doc = new Y.Doc()
  const text = doc.getText('content')
  const before = listeners(doc)
  for (let i = 0; i < 50; i++) {
    const model = monaco.editor.createModel('', 'plaintext')
    bindText({ monaco, text, model, editors: () => [], maxBytes: 1e6, onRefused: () => {} })
    model.dispose()
  }
  expect(text._eH.l).toHaveLength(0)
  expect(listeners(doc)).toBe(before)
})

const listeners = (doc: Y.Doc) =>
  [...(doc as unknown as { _observers: Map<string, Set<unknown>> })._observers.values()].reduce(
    (n, set) => n + set.size,
    0,
  )

/** Whole numbers below a bound, by the seed alone. */
function random(seed: number) {
  const next = randomFrom(seed)
  return (below: number) => Math.floor(next() * 2 ** 32) % below
}

const pieces = ['a', 'word ', '\n', '😀', '👩‍👩‍👧', 'é', '\r\n', '\t', '}', 'two\nlines\n', '日本', '\ud83d']

async function fuzz(seed: number, steps: number) {
  const pick = random(seed)
  // Which of two concurrent inserts stands first depends on the client ids: the seed decides those too.
  const first = pick(2) + 1
  const { left, right, cut, join, dispose } = pair('function start() {\n  return 1\n}\n', [first, 3 - first])
  const sides = [left, right]
  const same = (at: string) => {
    expect(left.text.toString(), at).toBe(right.text.toString())
    expect(value(left), at).toBe(left.text.toString())
    expect(value(right), at).toBe(right.text.toString())
  }
  for (let step = 1; step <= steps; step++) {
    const side = sides[pick(2)] as Side
    const length = value(side).length
    const at = pick(length + 1)
    const remove = pick(3) === 0 ? pick(Math.min(12, length - at) + 1) : 0
    const piece = pieces[pick(pieces.length)] as string
    const action = pick(20)
    if (action < 11) type(side, at, remove, piece)
    else if (action < 13) void side.model.undo()
    else if (action < 14) void side.model.redo()
    else if (action < 18)
      side.text.doc?.transact(() => {
        // As an agent or the daemon writes: straight into the shared text, also through the middle of a character.
        const length = side.text.length
        const at = pick(length + 1)
        const remove = pick(4) === 0 ? pick(Math.min(8, length - at) + 1) : 0
        if (remove > 0) side.text.delete(at, remove)
        side.text.insert(at, piece.toWellFormed())
      }, 'agent')
    else if (action < 19) cut()
    else join()
    if (step % 200 === 0) {
      join()
      await Promise.resolve()
      same(`seed ${seed}, step ${step}`)
      await settled()
      same(`seed ${seed}, step ${step}, settled`)
    }
  }
  dispose()
}

// These diverged or threw while half a pair at a line's end still moved what others wrote beside it.
test.each([30_025, 30_042, 30_116])('[UI-17] seed %i, which once diverged, does so no more', (seed) => fuzz(seed, 200))

const fresh = Math.floor(Math.random() * 2 ** 31)
test.each([1, 20_261_121, fresh])(
  '[UI-17] two editors never diverge: 2,000 random edits with seed %i',
  (seed) => fuzz(seed, 2000),
  60_000,
)
