import { createId } from '@tandem/shared'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { readText } from './text.ts'
import { createWriters } from './writers.ts'

const declared = ({ hasOthers = false } = {}) => {
  const said: { clients: number[]; task: string }[] = []
  const writers = createWriters(
    (clients, task) => said.push({ clients, task }),
    () => hasOthers,
  )
  return { said, writers }
}
const edit = (writers: ReturnType<typeof createWriters>, doc: Y.Doc, text: string, task?: string) => {
  writers.takeUp('file/a', doc, task)
  doc.getText('content').insert(0, text)
  writers.wrote('file/a', doc)
  return doc.clientID
}
const copyOf = (doc: Y.Doc) => {
  const copy = new Y.Doc()
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc))
  return copy
}

test('[LOG-99] while one task runs it is the cause; while two run nobody knows; afterwards it is the disk alone', () => {
  const { writers } = declared()
  const [a, b] = [createId(), createId()]
  expect(writers.cause()).toBeUndefined()
  const endOfA = writers.begin(a)
  expect(writers.cause()).toBe(a)
  const endOfB = writers.begin(b)
  expect(writers.cause()).toBeUndefined()
  endOfA()
  expect(writers.cause()).toBe(b)
  // What it starts in its turn is its own doing.
  const endOfInner = writers.begin(b)
  expect(writers.cause()).toBe(b)
  endOfInner()
  expect(writers.cause()).toBe(b)
  endOfB()
  expect(writers.cause()).toBeUndefined()
})

test('[LOG-99] each task has ids of its own, said before its first change and again after a lost connection', () => {
  const { said, writers } = declared()
  const doc = new Y.Doc()
  const [plain, task, other] = [edit(writers, doc, 'x'), createId(), createId()]
  expect(said).toEqual([])
  writers.takeUp('file/a', doc, task)
  expect(said).toEqual([{ clients: expect.arrayContaining([doc.clientID, writers.seeding(task)]), task }])
  const ofTask = edit(writers, doc, 'y', task)
  expect(new Set([plain, ofTask, edit(writers, doc, 'z', other), writers.seeding(undefined)]).size).toBe(4)
  expect(edit(writers, doc, 'x')).toBe(plain)
  said.length = 0
  writers.declareAgain()
  expect(said.map((s) => s.task)).toEqual([task, other])
})

test('[LOG-98] a copy that lacks what an id wrote is written under another, so that no number is given twice', () => {
  const { writers } = declared()
  const doc = new Y.Doc()
  doc.getText('content').insert(0, 'one ')
  const behind = copyOf(doc)
  const first = edit(writers, doc, 'two ')
  // The server went back to a backup, or our change is still on its way here.
  const second = edit(writers, behind, 'three ')
  expect(second).not.toBe(first)
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(behind))
  Y.applyUpdate(behind, Y.encodeStateAsUpdate(doc))
  expect(behind.getText('content').toString()).toBe(doc.getText('content').toString())
  expect(behind.getText('content').toString()).toMatch(/two .*three |three .*two /)
})

test('[LOG-98] of a text that was read whole, too', () => {
  const { writers } = declared()
  const id = createId()
  const doc = new Y.Doc()
  doc.getText('content').insert(0, 'one ')
  const whole = Y.encodeStateAsUpdate(doc)
  const [first, again] = [readText(writers, id, whole), readText(writers, id, whole)]
  const changes = [first, again].map((text) => text.prepare([{ at: 0, del: 0, ins: 'two ' }]))
  const clients = changes.map(({ update }) => [...Y.parseUpdateMeta(update).to.keys()][0])
  expect(new Set(clients).size).toBe(2)
  expect(first.text).toBe('one ')
  const after = new Y.Doc()
  Y.applyUpdate(after, Y.mergeUpdates([whole, changes[0]?.update ?? whole]))
  expect(readText(writers, id, Y.encodeStateAsUpdate(after)).includes(changes[0]?.state ?? '')).toBe(true)
})

test('[MIR-110] two mirrors make the same update of the same change, of a text read whole or held open; one alone does not', () => {
  const [id, task] = [createId(), createId()]
  const doc = new Y.Doc()
  doc.getText('content').insert(0, 'one two')
  const whole = Y.encodeStateAsUpdate(doc)
  const edits = [{ at: 3, del: 0, ins: ' and' }]
  const made = (hasOthers: boolean, cause?: string) => {
    const { said, writers } = declared({ hasOthers })
    return { said, ...readText(writers, id, whole).prepare(edits, cause) }
  }
  expect(made(true)).toEqual(made(true))
  expect(made(false).update).not.toEqual(made(false).update)
  // A task's own are told to be of it.
  const ofTask = made(true, task)
  expect(ofTask.update).toEqual(made(true).update)
  expect(ofTask.said).toEqual([{ clients: [...Y.parseUpdateMeta(ofTask.update).to.keys()], task }])
  // The same edit of another file is another.
  const elsewhere = readText(declared({ hasOthers: true }).writers, createId(), whole).prepare(edits)
  expect(elsewhere.update).not.toEqual(ofTask.update)
})
