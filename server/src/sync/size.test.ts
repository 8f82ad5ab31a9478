import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { createSizeGuard, readUpdate, type Reading } from './size.ts'

const max = 10_000

/** A document that takes what the guard admits; the log keeps all that ever came. */
function guarded() {
  const guard = createSizeGuard(max)
  const document = new Y.Doc()
  const log = { bytes: 0 }
  const change = (work: (text: Y.Text) => void): boolean => {
    const copy = new Y.Doc()
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(document))
    const before = Y.encodeStateVector(copy)
    const updates: Uint8Array[] = []
    copy.on('update', (update: Uint8Array) => updates.push(update))
    copy.transact(() => work(copy.getText('content')))
    const update = updates[0] ?? Y.encodeStateAsUpdate(copy, before)
    if (!guard.admits(document, readUpdate(update) as NonNullable<Reading>, log.bytes)) return false
    log.bytes += update.length
    Y.applyUpdate(document, update)
    return true
  }
  return { document, change, size: () => Y.encodeStateAsUpdate(document).length }
}

test('[ACC-33] a document does not grow beyond its limit in steps however small, and deleting makes room', () => {
  const { change, size } = guarded()
  expect(change((text) => text.insert(0, 'x'.repeat(9_000)))).toBe(true)
  const steps = Array.from({ length: 200 }, () => change((text) => text.insert(text.length, 'y'.repeat(20))))
  expect(steps).toContain(false)
  expect(size()).toBeLessThanOrEqual(max)
  expect(size()).toBeGreaterThan(max - 1_100)
  expect(change((text) => text.delete(0, 3_000))).toBe(true)
  expect(change((text) => text.insert(0, 'z'.repeat(2_000)))).toBe(true)
})

test('[ACC-33] what was deleted since does not count against a document', () => {
  const { change, size } = guarded()
  for (let i = 0; i < 50; i++) {
    expect(change((text) => text.insert(0, 'x'.repeat(1_000)))).toBe(true)
    expect(change((text) => text.delete(0, text.length))).toBe(true)
  }
  expect(size()).toBeLessThan(5_000)
})

test('[ACC-33] what cannot be read is told from what can', () => {
  expect(readUpdate(Uint8Array.of(9, 9, 9))).toBeUndefined()
})
