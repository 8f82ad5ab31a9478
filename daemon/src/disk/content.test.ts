import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readContent, writeContent } from './content.ts'

const bytes = (s: string) => new TextEncoder().encode(s)
const text = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', '', '{', '}', '😀'), fc.constantFrom('\n', '\r\n', '\r', '')), {
    maxLength: 12,
  })
  .map((lines) => lines.map(([l, end]) => l + end).join(''))

for (const seed of [7, Date.now() % 2 ** 31]) {
  test(`[MIR-45] any text goes to its document and back without a byte changed (seed ${seed})`, () => {
    fc.assert(
      fc.property(text, fc.boolean(), (raw, marked) => {
        const before = bytes((marked ? '\ufeff' : '') + raw)
        const content = readContent(before)
        if (content.kind !== 'text') throw new Error('should be a text')
        expect(content.text).not.toContain('\r')
        expect(writeContent(content.text, content.dress, before)).toEqual(before)
      }),
      { seed, numRuns: 1000 },
    )
  })
}

/** A line as it was, changed in place, gone, or with a new one after it. */
const edits = fc.array(
  fc.tuple(fc.constantFrom('\n', '\r\n', '\r'), fc.constantFrom('keep', 'keep', 'keep', 'change', 'drop', 'add')),
  { minLength: 1, maxLength: 30 },
)

for (const seed of [11, Date.now() % 2 ** 31]) {
  test(`[MIR-45] whatever the line ends, an edit leaves those of all other lines as they were (seed ${seed})`, () => {
    fc.assert(
      fc.property(edits, fc.boolean(), fc.boolean(), (lines, marked, open) => {
        const endOf = (i: number) => (open && i === lines.length - 1 ? '' : (lines[i]?.[0] ?? ''))
        const before = bytes((marked ? '\ufeff' : '') + lines.map((_, i) => `line ${i}${endOf(i)}`).join(''))
        const content = readContent(before)
        if (content.kind !== 'text') throw new Error('should be a text')
        const edited = lines.flatMap(([, edit], i) => {
          const end = endOf(i) === '' ? '' : '\n'
          if (edit === 'drop') return []
          const line = edit === 'change' ? `changed ${i}${end}` : `line ${i}${end}`
          return edit === 'add' && end !== '' ? [line, `new ${i}\n`] : [line]
        })
        const after = writeContent(edited.join(''), content.dress, before)
        // Nothing of the text itself is lost,
        expect(readContent(after)).toMatchObject({ kind: 'text', text: edited.join('') })
        const raw = new TextDecoder('utf-8', { ignoreBOM: true }).decode(after)
        expect(raw.startsWith('\ufeff')).toBe(marked)
        // and of each line that nobody touched no byte.
        const kept = lines.flatMap(([, edit], i) => (edit === 'keep' || edit === 'add' ? [`line ${i}${endOf(i)}`] : []))
        for (const line of kept)
          expect(raw.split(/(?<=\r\n|\n|\r(?!\n))/).map((l) => l.replace('\ufeff', ''))).toContain(line)
      }),
      { seed, numRuns: 500 },
    )
  })
}

test('[MIR-45] with mixed line ends, an edit changes only the lines it touches', () => {
  const before = bytes('one\r\ntwo\nthree\r\nfour')
  const content = readContent(before)
  if (content.kind !== 'text') throw new Error('should be a text')
  const edited = content.text.replace('two', 'TWO').replace('three\n', 'three\nnew\n')
  expect(new TextDecoder().decode(writeContent(edited, content.dress, before))).toBe('one\r\nTWO\nthree\r\nnew\r\nfour')
})

test.for([
  [0xff, 0xfe],
  [0x61, 0x00, 0x62],
  [0xc3, 0x28],
  [0xed, 0xa0, 0x80],
])('bytes %j are binary', (raw) => {
  expect(readContent(Uint8Array.from(raw)).kind).toBe('binary')
})
