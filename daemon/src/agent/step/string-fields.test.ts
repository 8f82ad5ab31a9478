import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createStringFields } from './string-fields.ts'

function read(pieces: readonly string[]) {
  const fields: Record<string, string> = {}
  const next = createStringFields((path, text) => {
    const name = JSON.stringify(path)
    fields[name] = (fields[name] ?? '') + text
  })
  pieces.forEach((piece) => next(piece))
  return fields
}

/** Every string that is not empty, by where it stands. */
function stringsOf(value: unknown, path: (string | number)[] = []): [string, string][] {
  if (typeof value === 'string') return value === '' ? [] : [[JSON.stringify(path), value]]
  if (Array.isArray(value)) return value.flatMap((each, i) => stringsOf(each, [...path, i]))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, each]) => stringsOf(each, [...path, key]))
}

test('[AGT-23] the strings of any arguments are read from pieces of any size', () => {
  const value = fc.jsonValue({ maxDepth: 4 })
  fc.assert(
    fc.property(value, fc.integer({ min: 1, max: 9 }), fc.boolean(), (json, size, isSpaced) => {
      const text = JSON.stringify(json, null, isSpaced ? 2 : 0).replace(/[^\x20-\x7e\n]/g, (unit) =>
        isSpaced ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}` : unit,
      )
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
        text.slice(i * size, (i + 1) * size),
      )
      expect(read(pieces)).toEqual(Object.fromEntries(stringsOf(json)))
    }),
    { numRuns: 500 },
  )
})

test('[AGT-23] a letter of two units is never told of in halves', () => {
  const seen: string[] = []
  const next = createStringFields((_path, text) => seen.push(text))
  for (const unit of '{"a":"x🎈y"}'.split('')) next(unit)
  expect(seen).toEqual(['x', '🎈', 'y'])
})

test('[AGT-23] each letter is looked at once: pieces are never joined and read again', () => {
  let told = 0
  const next = createStringFields((_path, text) => (told += text.length))
  next('{"text":"')
  for (let i = 0; i < 200_000; i++) next('x')
  expect(told).toBe(200_000)
})
