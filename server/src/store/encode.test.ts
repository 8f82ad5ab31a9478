import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeEntry, decodeJson, encodeEntry, encodeJson } from './encode.ts'
import type { Entry } from './store.ts'

const entries: fc.Arbitrary<Entry> = fc
  .record({
    seq: fc.integer({ min: 1 }),
    doc: fc.constant('files'),
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
  .map(({ note, ...entry }) => ({ ...entry, ...(note && { note: { ...note } }) }))

test('[LOG-25] any entry reads back as it was written', () => {
  fc.assert(
    fc.property(entries, (entry) => {
      expect(decodeEntry(encodeEntry(entry), entry.doc, entry.seq)).toEqual(entry)
    }),
  )
})

test('[LOG-28] whatever byte is changed, and wherever it is cut, an entry is never read as another', () => {
  fc.assert(
    fc.property(entries, fc.nat(), fc.integer({ min: 1, max: 255 }), (entry, at, by) => {
      const sealed = encodeEntry(entry)
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
