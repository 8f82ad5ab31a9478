import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { createId } from '../base/ids.ts'
import { openChat } from './chat.ts'
import { openReview } from './review.ts'
import { openRun } from './run.ts'

const run = createId()
const copy = (doc: Y.Doc): Y.Doc => {
  const other = new Y.Doc()
  Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
  return other
}

test('[S248] people write messages, change what was not delivered, and take it back; the title is theirs', () => {
  const doc = new Y.Doc()
  const chat = openChat(doc)
  const first = chat.send({ text: 'rename sum', mentions: [{ path: 'a.ts', fromLine: 3 }], deliver: 'now', run, at: 1 })
  const second = chat.send({ text: 'and test it', deliver: 'queue', run, mode: 'auto-edit', at: 2 })
  chat.setTitle('  Renaming  ')
  expect(chat.edit(second, { text: 'and test it well', deliver: 'steer' })).toBe(true)
  const there = openChat(copy(doc))
  expect([...there.snapshot().keys()]).toEqual([first, second])
  expect(there.snapshot().get(second)).toMatchObject({ text: 'and test it well', deliver: 'steer', mode: 'auto-edit' })
  expect(there.snapshot().get(first)?.mode).toBe('ask')
  expect(there.title.snapshot()).toBe('Renaming')
  chat.withdraw(second)
  expect([chat.snapshot().size, chat.edit(second, { text: 'x' }), chat.writer(second)]).toEqual([1, false, undefined])
})

test('[AGT-71] whose a message is, its client id says, also once somebody else has changed it', () => {
  const mira = new Y.Doc()
  const id = openChat(mira).send({ text: 'mine', deliver: 'now', run, at: 1 })
  const tom = copy(mira)
  expect(openChat(tom).writer(id)).toBe(mira.clientID)
  openChat(tom).edit(id, { text: 'not mine' })
  Y.applyUpdate(mira, Y.encodeStateAsUpdate(tom))
  expect(openChat(mira).writer(id)).toBe(tom.clientID)
  expect(openChat(mira).change(id)).toEqual({ client: tom.clientID, clock: 0 })
})

test('[AGT-73] what does not parse is shown to nobody and stays; what is too large is not written', () => {
  const doc = new Y.Doc()
  doc.getMap('messages').set('x', { text: 7 })
  const chat = openChat(doc)
  expect(chat.snapshot().size).toBe(0)
  expect(doc.getMap('messages').size).toBe(1)
  const large = { text: 'x'.repeat(100_001), deliver: 'now', run, at: 1 } as const
  expect(() => chat.send(large)).toThrow('this message cannot be kept')
  expect(doc.getMap('messages').size).toBe(1)
})

test('[AGT-72] [S252] a run is read back in another process as it was written', () => {
  const doc = new Y.Doc()
  const one = openRun(doc)
  const call = {
    type: 'tool-call',
    toolCallId: 'c1',
    toolName: 'editFile',
    input: { path: 'a' },
    providerOptions: { x: 1 },
  }
  one.transact(() => {
    one.set('about', { v: 1, mode: 'ask', model: 'openai:gpt-4o' })
    one.set('status', { state: 'running', activity: 'thinking', attempt: 1, startedAt: 5 })
    one.set('usage', { rounds: 1, inputTokens: 10, outputTokens: 20 })
    one.append([
      { at: 1, of: run, message: { role: 'user', content: 'do it' } },
      { at: 2, message: { role: 'assistant', content: [{ type: 'text', text: 'ok' }, call] } },
    ])
    one.deliver(run, { at: 3 })
  })
  const two = openRun(copy(doc))
  expect(two.snapshot()).toEqual(one.snapshot())
  expect(two.messages.snapshot().map(({ message }) => message)).toEqual([
    { role: 'user', content: 'do it' },
    { role: 'assistant', content: [{ type: 'text', text: 'ok' }, call] },
  ])
  expect(two.delivered.snapshot().get(run)).toEqual({ at: 3 })
  const large = { at: 4, message: { role: 'tool', content: 'x'.repeat(2 ** 20) } } as const
  const before = Y.encodeStateAsUpdate(doc)
  expect(() => one.append([{ at: 4, message: { role: 'tool', content: '' } }, large])).toThrow('cannot be kept')
  expect(Y.encodeStateAsUpdate(doc)).toEqual(before)
  doc.getArray('messages').push([{ at: 9, message: 'of a newer version' }])
  expect([one.messages.snapshot().length, one.unreadable()]).toEqual([2, 1])
})

test('[AGT-74] a call that has ended never begins again, also for one who cannot read how', () => {
  const doc = new Y.Doc()
  const one = openRun(doc)
  one.note('c', { state: 'begun', at: 1, attempt: 1 })
  one.note('c', { state: 'begun', at: 2, attempt: 2, note: { file: 'a' } })
  one.note('c', { state: 'ended', at: 3, attempt: 2, text: 'done', details: { lines: [1] } })
  one.note('c', { state: 'ended', at: 3, attempt: 2 })
  expect(() => one.note('c', { state: 'begun', at: 4, attempt: 2 })).toThrow('has ended')
  expect(openRun(copy(doc)).journal.snapshot().get('c')).toEqual({ state: 'ended', at: 3, attempt: 2 })
  doc.getMap('journal').set('d', { of: 'a newer version' })
  expect(() => one.note('d', { state: 'begun', at: 5, attempt: 3 })).toThrow('has ended')
})

test('[AGT-89] a draft grows as one text: 8,000 words in 400 pieces cost what they are, not their square', () => {
  const doc = new Y.Doc()
  const { draft } = openRun(doc)
  let wire = 0
  doc.on('update', (update: Uint8Array) => (wire += update.length))
  draft.begin({ kind: 'text' })
  for (let i = 0; i < 400; i++) draft.add('some words of an answer '.repeat(4))
  expect(draft.snapshot().text).toHaveLength(400 * 96)
  expect(wire).toBeLessThan(2 * 400 * 96)
  draft.begin({ kind: 'input', call: 'c', tool: 'editFile', path: 'a.ts' })
  expect(draft.snapshot()).toEqual({ part: { kind: 'input', call: 'c', tool: 'editFile', path: 'a.ts' }, text: '' })
  expect(() => draft.add('x'.repeat(2 ** 20 + 1))).toThrow('longer than one may be')
  draft.end()
  expect(openRun(copy(doc)).draft.snapshot()).toEqual({ part: undefined, text: '' })
  expect(Y.encodeStateAsUpdate(doc).length).toBeLessThan(1_000)
})

test('[AGT-70] what two people decide while apart is all there', () => {
  const [one, two] = [new Y.Doc(), new Y.Doc()]
  const [here, there] = [openReview(one), openReview(two)]
  here.decide('a', { state: 'rejected', at: 1 })
  there.decide('b', { state: 'accepted', at: 2 })
  Y.applyUpdate(one, Y.encodeStateAsUpdate(two))
  expect(['a', 'b'].map((id) => here.snapshot().get(id)?.state)).toEqual(['rejected', 'accepted'])
  expect([here.writer('a'), here.writer('b')]).toEqual([one.clientID, two.clientID])
})
