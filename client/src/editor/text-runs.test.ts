import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { openRuns } from './text-runs.ts'

const edit = fc.record({
  who: fc.nat(2),
  at: fc.nat(1_000),
  cut: fc.nat(4),
  put: fc.nat(6),
  // Where one looks after it.
  look: fc.tuple(fc.nat(60), fc.nat(60)),
})

test('[UI-73] any stretch of a text is told piece by piece, each by its writer, also while it is being edited', () => {
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 40 }), (edits) => {
      const docs = [0, 1, 2].map((i) => Object.assign(new Y.Doc(), { clientID: i + 1 }))
      const text = (docs[0] as Y.Doc).getText('content')
      const runs = openRuns(text)
      for (const { who, at, cut, put, look } of edits) {
        const doc = docs[who] as Y.Doc
        const edited = doc.getText('content')
        const from = edited.length === 0 ? 0 : at % edited.length
        doc.transact(() => {
          edited.delete(from, Math.min(cut, edited.length - from))
          // Each writes a letter of their own, so that what they wrote can be told from the text.
          edited.insert(from, 'xyz'.charAt(who).repeat(put))
        })
        // Not to everybody at once: changes arrive in heaps, and out of order.
        if (at % 3 > 0) for (const other of docs) Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
        const [start, end] = look.toSorted((a, b) => a - b) as [number, number]
        const found = runs.read(start, end)
        expect(found.map((r) => r.text).join('')).toBe(text.toString().slice(start, end))
        for (const { client, text } of found) expect(text).toBe('xyz'.charAt(client - 1).repeat(text.length))
      }
      runs.close()
    }),
  )
})

test('[UI-73] each character is told by the clock it was written at', () => {
  const doc = Object.assign(new Y.Doc(), { clientID: 7 })
  const text = doc.getText('content')
  text.insert(0, 'ad')
  text.insert(1, 'bc')
  expect(openRuns(text).read(1, 4)).toEqual([
    { client: 7, clock: 2, text: 'bc' },
    { client: 7, clock: 1, text: 'd' },
  ])
})
