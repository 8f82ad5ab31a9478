import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { diffText } from '../merge/diff.ts'
import { applyToString, type TextEdit } from '../merge/edits.ts'
import { merge } from '../merge/three-way.ts'
import { prepareAlike } from './alike.ts'
import { applyPrepared, prepareEdits } from './versions.ts'

/** A stand-in for the digest: what is inserted, and where, as a number of up to 53 bits. */
const idOf = (inserted: Uint8Array): number => {
  let id = 7
  for (const byte of inserted) id = (id * 131 + byte + 1) % 4_398_042_316_799
  return 2 ** 52 + id
}
const docOf = (update?: Uint8Array): Y.Doc => {
  const doc = new Y.Doc()
  if (update) Y.applyUpdate(doc, update)
  return doc
}
const textOf = (doc: Y.Doc): string => doc.getText('content').toString()
const copyOf = (doc: Y.Doc): Y.Doc => docOf(Y.encodeStateAsUpdate(doc))
/** As an import does it: what the disk has is merged with what the document has by now. */
const importOn = (doc: Y.Doc, base: string, disk: string): Uint8Array => {
  const edits = diffText(textOf(doc), merge(base, disk, textOf(doc)).text)
  const update = prepareAlike(doc, edits, 'disk', idOf) ?? prepareEdits(doc, edits, 'disk')
  if (update.length > 0) applyPrepared(doc, update, 'disk')
  return update
}
const clientsOf = (update: Uint8Array) => [...Y.parseUpdateMeta(update).to.keys()]

/** Lines that all differ, some of them changed: `d` by the disk, `t` by somebody who types. */
const history = fc
  .array(fc.constantFrom('same', 'same', 'same', 'disk', 'gone', 'more', 'typed'), { minLength: 1, maxLength: 30 })
  .map((kinds) => kinds.flatMap((kind) => ['same', kind, 'same']))
const linesOf = (kinds: readonly string[], who: 'base' | 'disk' | 'typist') =>
  kinds
    .flatMap((kind, i) => {
      const line = `line <${i}> of the text\n`
      if (who === 'disk' && kind === 'disk') return [`line <${i}>, new d${i}d of the text\n`]
      if (who === 'disk' && kind === 'gone') return []
      if (who === 'disk' && kind === 'more') return [line, `added d${i}d\n`]
      if (who === 'typist' && kind === 'typed') return [`line <${i}>, typed t${i}t of the text\n`]
      return [line]
    })
    .join('')
const times = (text: string, part: string) => text.split(part).length - 1

test('[MIR-23] [MIR-110] the same change found by two mirrors is in the text once, in whichever order all arrives, with a third writer elsewhere', () => {
  fc.assert(
    fc.property(history, fc.boolean(), fc.boolean(), fc.infiniteStream(fc.nat()), (kinds, aHeard, bHeard, order) => {
      const [base, disk] = [linesOf(kinds, 'base'), linesOf(kinds, 'disk')]
      const origin = docOf()
      origin.getText('content').insert(0, base)
      const [a, b, c] = [copyOf(origin), copyOf(origin), copyOf(origin)]
      const typed = prepareEdits(c, diffText(base, linesOf(kinds, 'typist')), 'typist')
      if (typed.length > 0) applyPrepared(c, typed, 'typist')
      // The third writer's change reached one mirror before its import, both, or none.
      if (aHeard && typed.length > 0) Y.applyUpdate(a, typed)
      if (bHeard && typed.length > 0) Y.applyUpdate(b, typed)
      const made = [importOn(a, base, disk), importOn(b, base, disk)]
      expect(made[0]).toEqual(made[1])
      // Nothing changed at all is no update.
      const updates = [typed, ...made].filter(({ length }) => length > 0)
      for (const doc of [a, b, c]) {
        // Any order, and more than once.
        const all = [...updates, ...updates].map((u) => ({ u, at: order.next().value ?? 0 }))
        for (const { u } of all.toSorted((x, y) => x.at - y.at)) Y.applyUpdate(doc, u)
      }
      expect([textOf(b), textOf(c)]).toEqual([textOf(a), textOf(a)])
      for (const [i, kind] of kinds.entries()) {
        expect(times(textOf(a), `d${i}d`)).toBe(kind === 'disk' || kind === 'more' ? 1 : 0)
        expect(times(textOf(a), `t${i}t`)).toBe(kind === 'typed' ? 1 : 0)
        expect(times(textOf(a), `line <${i}>`)).toBe(kind === 'gone' ? 0 : 1)
      }
    }),
    { numRuns: 300 },
  )
})

test('[MIR-110] any edits, made by two who know the same, are one update; the replicas agree on what it was to be', () => {
  const edits = fc.array(fc.record({ keep: fc.nat(6), del: fc.nat(4), ins: fc.string({ maxLength: 6 }) }), {
    maxLength: 8,
  })
  const place = (text: string, parts: { keep: number; del: number; ins: string }[]): TextEdit[] => {
    let at = 0
    return parts.flatMap(({ keep, del, ins }) => {
      const edit = { at: Math.min(at + keep, text.length), del: 0, ins }
      edit.del = Math.min(del, text.length - edit.at)
      at = edit.at + edit.del + 1
      return edit.at <= text.length && at <= text.length + 1 ? [edit] : []
    })
  }
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), edits, edits, (start, first, second) => {
      const a = docOf()
      a.getText('content').insert(0, start)
      for (const parts of [first, second]) {
        const b = copyOf(a)
        const wanted = place(textOf(a), parts)
        const [one, two] = [prepareAlike(a, wanted, 'disk', idOf), prepareAlike(b, wanted, 'disk', idOf)]
        expect(one).toEqual(two)
        if (!one) continue
        const text = applyToString(textOf(a), wanted)
        applyPrepared(a, one, 'disk')
        expect(textOf(a)).toBe(text)
      }
    }),
    { numRuns: 500 },
  )
})

test('[MIR-110] another place, another text, another neighbour: another id', () => {
  const doc = docOf()
  doc.getText('content').insert(0, 'abcabc')
  const made = [
    [{ at: 0, del: 0, ins: 'x' }],
    [{ at: 3, del: 0, ins: 'x' }],
    [{ at: 3, del: 0, ins: 'y' }],
    [
      { at: 0, del: 0, ins: 'x' },
      { at: 3, del: 0, ins: 'x' },
    ],
  ].map((edits) => prepareAlike(doc, edits, 'disk', idOf) ?? new Uint8Array())
  expect(new Set(made.flatMap(clientsOf)).size).toBe(4)
  for (const update of made) Y.applyUpdate(doc, update)
  // Nobody's edit is taken for one that was made before.
  expect(textOf(doc)).toHaveLength(11)
})

test('[MIR-110] what was made alike, deleted and made again is not taken for what is there already', () => {
  const doc = docOf()
  doc.getText('content').insert(0, 'one\ntwo\n')
  for (let round = 0; round < 5; round++) {
    for (const [from, to] of [
      ['one\ntwo\n', 'one\nmore\ntwo\n'],
      ['one\nmore\ntwo\n', 'one\ntwo\n'],
    ] as const) {
      expect(textOf(doc)).toBe(from)
      const edits = diffText(from, to)
      applyPrepared(doc, prepareAlike(doc, edits, 'disk', idOf) ?? prepareEdits(doc, edits, 'disk'), 'disk')
      expect(textOf(doc)).toBe(to)
    }
  }
})

test('[MIR-110] an id that the document has already, or one too many, is none: the edits are made as ever', () => {
  const doc = docOf()
  doc.getText('content').insert(0, 'one ')
  const edits = [{ at: 4, del: 0, ins: 'two' }]
  expect(prepareAlike(doc, edits, 'disk', () => doc.clientID)).toBeUndefined()
  expect(prepareAlike(doc, [{ at: 0, del: 4, ins: '' }], 'disk', idOf)).toBeUndefined()
  for (let i = 0; i < 300; i++) {
    expect(prepareAlike(doc, edits, 'disk', idOf)).toBeDefined()
    doc.clientID = i + 1
    doc.getText('content').insert(0, '.')
  }
  expect(prepareAlike(doc, [{ at: 0, del: 0, ins: 'two' }], 'disk', idOf)).toBeUndefined()
})

test('[MIR-110] ids of 53 bits survive every way in which Yjs writes them', () => {
  const doc = docOf()
  doc.clientID = 2 ** 53 - 1
  doc.getText('content').insert(0, 'one two')
  doc.clientID = 2 ** 52 + 12_345
  doc.getText('content').insert(3, ' and')
  doc.getText('content').delete(0, 1)
  const whole = Y.encodeStateAsUpdate(doc)
  for (const update of [
    whole,
    Y.mergeUpdates([whole, whole]),
    Y.convertUpdateFormatV2ToV1(Y.encodeStateAsUpdateV2(doc)),
  ]) {
    expect(textOf(docOf(update))).toBe('ne and two')
    expect(clientsOf(update).toSorted((x, y) => x - y)).toEqual([2 ** 52 + 12_345, 2 ** 53 - 1])
  }
  expect(Y.encodeStateAsUpdate(doc, Y.encodeStateVector(docOf(whole)))).toHaveLength(
    Y.encodeStateAsUpdate(docOf(whole), Y.encodeStateVector(doc)).length,
  )
  expect(Y.equalSnapshots(Y.decodeSnapshot(Y.encodeSnapshot(Y.snapshot(doc))), Y.snapshot(docOf(whole)))).toBe(true)
  const at = Y.createRelativePositionFromTypeIndex(doc.getText('content'), 4)
  const back = Y.decodeRelativePosition(Y.encodeRelativePosition(at))
  expect(Y.createAbsolutePositionFromRelativePosition(back, docOf(whole))?.index).toBe(4)
})
