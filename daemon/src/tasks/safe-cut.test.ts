import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { safeCut } from './safe-cut.ts'

const cutOf = (text: string | Buffer, max = Infinity) => safeCut(Buffer.from(text), Math.min(max, 1e9))

describe('[S113] output is cut only where both sides can be read', () => {
  test.each([
    ['plain text', 'abc', 3],
    ['a whole character', 'a€', 4],
    ['the first byte of a character', Buffer.from('a€').subarray(0, 2), 1],
    ['two of its three bytes', Buffer.from('a€').subarray(0, 3), 1],
    ['three of four bytes', Buffer.from('😀').subarray(0, 3), 0],
    ['bytes that are no UTF-8', Buffer.from([0x80, 0x80, 0x80, 0x80]), 4],
    ['an escape alone', 'a\x1b', 1],
    ['an open colour', 'a\x1b[38;5;1', 1],
    ['a whole colour', 'a\x1b[38;5;1m', 10],
    ['an open title', 'a\x1b]0;title', 1],
    ['a title ended by BEL', 'a\x1b]0;t\x07', 7],
    ['a title ended by ST', 'a\x1b]0;t\x1b\\', 8],
    ['a title whose ST is half there', 'a\x1b]0;t\x1b', 1],
    ['a character set', 'a\x1b(B', 4],
    ['half a character set', 'a\x1b(', 1],
    ['a sequence of two bytes', 'a\x1bM', 3],
  ] as const)('%s', (_, text, cut) => expect(cutOf(text as string)).toBe(cut))

  test('a sequence without end is cut like text', () => {
    const text = `\x1b]0;${'x'.repeat(600)}`
    expect(cutOf(text)).toBe(text.length)
  })

  test('pieces of any size decode to the whole', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 4, max: 20 }), (text, max) => {
        let bytes = Buffer.from(text)
        let decoded = ''
        while (bytes.length > 0) {
          const cut = safeCut(bytes, max) || Math.min(bytes.length, max)
          decoded += bytes.subarray(0, cut).toString('utf8')
          bytes = bytes.subarray(cut)
        }
        expect(decoded).toBe(Buffer.from(text).toString('utf8'))
      }),
    )
  })
})
