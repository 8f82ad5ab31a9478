import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeEntry, decodeHead, decodeJson, encodeEntry, encodeJson } from './encode.ts'
import type { Entry } from './store.ts'

const entries: fc.Arbitrary<Entry> = fc
  .record({
    seq: fc.integer({ min: 1 }),
    doc: fc.constant('files'),
    previous: fc.nat(),
    cause: fc.option(fc.record({ restoredFrom: fc.nat() }), { nil: undefined }),
    update: fc.uint8Array(),
    author: fc.string(),
    origin: fc.constantFrom('socket', 'rest', 'bulk', 'server'),
    at: fc.nat(),
    note: fc.option(
      fc.dictionary(
        fc.string().filter((k) => k !== '__proto__'),
        fc.string(),
      ),
      { nil: undefined },
    ),
  })
  .map(({ note, cause, ...entry }) => ({
    ...entry,
    ...(cause && { cause: { ...cause } }),
    ...(note && { note: { ...note } }),
  }))

test('[LOG-25] any entry reads back as it was written', () => {
  fc.assert(
    fc.property(entries, (entry) => {
      const encoded = encodeEntry(entry)
      expect(decodeEntry(encoded.entry, entry.doc, entry.seq)).toEqual(entry)
      const { update, previous: _, ...head } = entry
      expect(decodeHead(encoded.head, entry.seq)).toEqual({ ...head, bytes: update.length })
    }),
  )
})

test('[LOG-28] whatever byte is changed, and wherever it is cut, an entry is never read as another', () => {
  fc.assert(
    fc.property(entries, fc.nat(), fc.integer({ min: 1, max: 255 }), (entry, at, by) => {
      const { entry: sealed } = encodeEntry(entry)
      const damaged = sealed.map((byte, i) => (i === at % sealed.length ? byte ^ by : byte))
      expect(() => decodeEntry(damaged, entry.doc, entry.seq)).toThrow('damaged')
      expect(() => decodeEntry(sealed.subarray(0, at % sealed.length), entry.doc, entry.seq)).toThrow('damaged')
    }),
  )
})

test('[LOG-28] records likewise', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(), (value, at) => {
      const sealed = encodeJson(value)
      expect(JSON.stringify(decodeJson(sealed, {}))).toBe(JSON.stringify(value))
      expect(() => decodeJson(sealed.subarray(0, at % sealed.length), {})).toThrow('damaged')
    }),
  )
})
