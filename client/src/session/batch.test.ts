import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { createBatch } from './batch.ts'

function updates(count: number): Uint8Array[] {
  const doc = new Y.Doc()
  const out: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => out.push(update))
  for (let i = 0; i < count; i++) doc.getText('t').insert(i, String(i))
  return out
}

test('[UI-24] the first change leaves at once, a burst leaves as one message a window', () => {
  const clock = fakeClock()
  const sent: Uint8Array[] = []
  const batch = createBatch(clock, (update) => sent.push(update))
  const all = updates(6)
  for (const update of all) batch.push(update)
  expect(sent).toHaveLength(1)
  clock.advance(20)
  expect(sent).toHaveLength(2)
  clock.advance(1000)
  expect(sent).toHaveLength(2)
  const doc = new Y.Doc()
  for (const update of sent) Y.applyUpdate(doc, update)
  expect(doc.getText('t').toString()).toBe('012345')
})
