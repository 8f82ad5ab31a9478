import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { createId } from '../base/ids.ts'
import { openFiles } from './files.ts'
import { onTreeChange, type TreeChange } from './tree-changes.ts'

test('[LOG-52] what became of each file in the index is told with its place before and after', () => {
  const doc = new Y.Doc()
  const files = openFiles(doc)
  const told: (readonly TreeChange[])[] = []
  onTreeChange(doc, (changes) => told.push(changes))
  const a = { path: 'a.ts', kind: 'text' } as const
  const id = files.create('a.ts', 'text', { size: 1, exec: false, eol: 'lf', bom: false })
  files.move(id, 'b.ts')
  files.setFacts(id, { size: 2, exec: false, eol: 'crlf', bom: false })
  const by = createId()
  files.remove(id, { by, at: 1 })
  const gone = { path: 'b.ts', kind: 'text', deleted: { by, at: 1 } }
  const b = { ...a, path: 'b.ts' }
  expect(told).toEqual([
    [{ id, before: undefined, after: a, content: false }],
    [{ id, before: a, after: b, content: false }],
    [{ id, before: b, after: gone, content: false }],
  ])
})

test('[LOG-52] another blob is a change of content, also beside a move; what is no entry of ours is not told', () => {
  const doc = new Y.Doc()
  const files = openFiles(doc)
  const facts = { size: 1, exec: false, eol: 'lf', bom: false } as const
  const id = files.create('a.png', 'blob', { ...facts, blob: 'one' })
  const told: (readonly TreeChange[])[] = []
  onTreeChange(doc, (changes) => told.push(changes))
  files.transact(() => {
    files.setFacts(id, { ...facts, blob: 'two' })
    files.move(id, 'b.png')
  }, undefined)
  doc.getMap('tree').set('..', { path: 'x', kind: 'text' })
  doc.getMap('tree').set(createId(), { path: '../x', kind: 'text' })
  expect(told).toEqual([
    [{ id, before: { path: 'a.png', kind: 'blob' }, after: { path: 'b.png', kind: 'blob' }, content: true }],
  ])
})
