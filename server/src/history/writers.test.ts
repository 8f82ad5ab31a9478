import { createId, docPath } from '@tandem/shared'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { openMemoryStore } from '../store/memory.ts'
import { openPast } from './test-past.ts'
import { createWriters } from './writers.ts'

test('[LOG-60] who sends again what was there has not written it, and what comes out of turn is found', async () => {
  const { updates } = await openPast(openMemoryStore())
  const name = docPath({ kind: 'file', fileId: createId() })
  const [mira, ben] = [createId(), createId()]
  const doc = new Y.Doc()
  const pieces: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => pieces.push(new Uint8Array(update)))
  for (const letter of 'abcd') doc.getText('content').insert(doc.getText('content').length, letter)
  const [a, b, c, d] = pieces
  // The third before the second, then all of it again by somebody else, with the last.
  for (const update of [a, c, b]) if (update) updates.append(name, update, { author: mira, origin: 'bulk' })
  updates.append(name, Y.encodeStateAsUpdate(doc), { author: ben, origin: 'bulk' })
  await updates.append(name, d ?? new Uint8Array(), { author: mira, origin: 'bulk' }).durable
  const writers = await createWriters(updates).read(name, updates.head())
  const found = [0, 1, 2, 3].map((clock) => {
    const { origin, to } = writers.find(doc.clientID, clock)
    return [origin?.seq, origin?.author === ben, to]
  })
  expect(found).toEqual([
    [1, false, 1],
    [3, false, 2],
    [2, false, 3],
    [4, true, 4],
  ])
  expect(writers.find(doc.clientID, 4).origin).toBeUndefined()
  expect(writers.find(7, 0).origin).toBeUndefined()
})
