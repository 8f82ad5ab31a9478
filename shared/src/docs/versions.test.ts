import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { openFile } from './file.ts'
import { applyPrepared, fits, includesState, prepareEdits, readFileUpdate, seedText, stateOf } from './versions.ts'

const texts = ['', 'a', 'line\nline\n', '😀 𝒳 é\n', 'x'.repeat(100_000)]

test.for(texts)('a seeded text is what Yjs itself would have written (%#)', (text) => {
  const { update, state } = seedText(text, 4_000_000_123)
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update)
  expect(openFile(doc).snapshot()).toBe(text)
  expect(stateOf(doc)).toBe(state)
  const own = new Y.Doc()
  own.clientID = 4_000_000_123
  own.getText('content').insert(0, text)
  expect(update).toEqual(Y.encodeStateAsUpdate(own))
  expect(readFileUpdate(update)).toMatchObject({ text, state })
  expect(readFileUpdate(update).includes(state)).toBe(true)
})

test('a document includes its own past, and not what it never saw', () => {
  const [a, b] = [new Y.Doc(), new Y.Doc()]
  Y.applyUpdate(a, seedText('one\n', 7).update)
  Y.applyUpdate(b, seedText('one\n', 7).update)
  const past = stateOf(a)
  openFile(a).edit([{ at: 0, del: 3, ins: '' }], 'test')
  expect(includesState(a, past)).toBe(true)
  expect(includesState(b, stateOf(a))).toBe(false)
  expect(readFileUpdate(Y.encodeStateAsUpdate(a))).toMatchObject({ text: '\n', state: stateOf(a) })
})

test('a prepared edit changes nothing until applied, then merges with what came meanwhile', () => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, seedText('one two\n', 7).update)
  const update = prepareEdits(doc, [{ at: 4, del: 3, ins: '2' }], 'disk')
  expect(openFile(doc).snapshot()).toBe('one two\n')
  const peer = new Y.Doc()
  Y.applyUpdate(peer, Y.encodeStateAsUpdate(doc))
  openFile(peer).edit([{ at: 0, del: 0, ins: '> ' }], 'other')
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(peer))
  Y.applyUpdate(doc, update)
  expect(openFile(doc).snapshot()).toBe('> one 2\n')
})

test('an update that builds upon what the document lacks does not fit', () => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, seedText('one two\n', 7).update)
  const update = prepareEdits(doc, [{ at: 4, del: 3, ins: '2' }], 'disk')
  expect(fits(doc, update)).toBe(true)
  expect(fits(new Y.Doc(), update)).toBe(false)
  const client = doc.clientID
  applyPrepared(doc, update, 'disk')
  expect(doc.clientID).toBe(client)
  expect(openFile(doc).snapshot()).toBe('one 2\n')
  const next = prepareEdits(doc, [{ at: 0, del: 3, ins: '1' }], 'disk')
  applyPrepared(doc, next, 'disk')
  expect(openFile(doc).snapshot()).toBe('1 2\n')
})
