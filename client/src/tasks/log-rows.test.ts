import type { LogChunk } from '@tandem/shared/docs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRows, plainRows, withoutColour, type Row } from './log-rows.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const chunk = (q: number, text: string | Uint8Array<ArrayBuffer>, o = 0, s: LogChunk['s'] = 1, t = 0): LogChunk => ({
  q,
  o,
  t,
  s,
  d: typeof text === 'string' ? bytes(text) : text,
})
const rowsOf = (chunks: LogChunk[]) => {
  const rows = createRows()
  rows.take(chunks)
  return all(rows)
}
const all = (rows: ReturnType<typeof createRows>): Row[] => {
  const { first, end } = rows.range()
  return Array.from({ length: end - first }, (_, i) => rows.row(first + i) as Row)
}
const texts = (chunks: LogChunk[]) => rowsOf(chunks).map((row) => row.text)

test('[S127] chunks become rows, wherever they were cut', () => {
  expect(texts([chunk(0, 'one\ntw'), chunk(1, 'o\nthree')])).toEqual(['one', 'two', 'three'])
  const [a, b] = [bytes('é').slice(0, 1), bytes('é').slice(1)]
  expect(texts([chunk(0, a), chunk(1, b)])).toEqual(['é'])
})

test('[S127] a line belongs to the stream that began it, and is as old as its first chunk', () => {
  const rows = rowsOf([chunk(0, 'out\n'), chunk(1, 'err', 4, 2, 7), chunk(2, '…\n', 7, 1, 9)])
  expect(rows.map(({ text, stream, t }) => ({ text, stream, t }))).toEqual([
    { text: 'out', stream: 1, t: 0 },
    { text: 'err…', stream: 2, t: 7 },
  ])
})

test('[S127] a colour that is on at the end of a line goes on in the next', () => {
  expect(texts([chunk(0, '\u001b[31mred\nstill\u001b[0m\nplain')])).toEqual([
    '\u001b[31mred',
    '\u001b[31mstill\u001b[0m',
    'plain',
  ])
})

test('[TSK-180] of colours that are never reset, or one by one, a line carries what is in force alone', () => {
  const many = '\u001b[1;31mred\u001b[39m\u001b[48;5;9m\u001b[22m\n'.repeat(2_000)
  const rows = rowsOf([chunk(0, many), chunk(1, 'the end', many.length)])
  expect(rows).toHaveLength(2_001)
  expect(rows.at(-1)?.text).toBe('\u001b[48;5;9mthe end')
  const long = texts([chunk(0, '\u001b[31mx\u001b[32m'.repeat(2_000))])
  expect(long.map(withoutColour).join('')).toBe('x'.repeat(2_000))
  expect(long.length).toBeLessThan(10)
})

test('[S127] a carriage return writes over its line, as on a terminal', () => {
  expect(texts([chunk(0, '10%\r50%\r'), chunk(1, '100%\ndone\r\n')])).toEqual(['100%', 'done'])
  expect(texts([chunk(0, '10%\r50%\r')])).toEqual(['50%'])
})

test('[S127] nothing but colour gets through to the page', () => {
  expect(texts([chunk(0, 'a\u001b]0;title\u0007b\u001b[2Jc')])).toEqual(['abc'])
})

test('[UI-165] a chunk is read once, and what was read stays when the window has moved on', () => {
  const rows = createRows()
  const window = [chunk(0, 'a\n'), chunk(1, 'b\n', 2)]
  expect(rows.take(window)).toBe(true)
  const b = rows.row(1)
  expect(rows.take(window)).toBe(false)
  rows.take([chunk(1, 'b\n', 2), chunk(2, 'c\n', 4)])
  expect(all(rows).map(({ text }) => text)).toEqual(['a', 'b', 'c'])
  expect(rows.row(1)).toBe(b)
  expect(rows.missing()).toBe(0)
})

test('[UI-165] what came before is counted, and what was missed between is said', () => {
  const rows = createRows()
  rows.take([chunk(7, 'late\n', 50_000)])
  expect(rows.missing()).toBe(50_000)
  rows.take([chunk(9, 'on\n', 60_000)])
  expect(all(rows).map(({ text, line }) => [text, line])).toEqual([
    ['late', undefined],
    ['… what was written meanwhile is not here …', undefined],
    ['on', undefined],
  ])
})

test('[UI-165] beyond what is held the oldest rows go, and the others keep their numbers', () => {
  const rows = createRows(100)
  for (let q = 0; q < 30; q++)
    rows.take([chunk(q, Array.from({ length: 10 }, (_, i) => `${q * 10 + i}\n`).join(''), q * 1_000)])
  const { first, end } = rows.range()
  expect(end).toBe(300)
  expect(end - first).toBeLessThanOrEqual(100)
  expect(rows.row(first)?.text).toBe(String(first))
  expect(rows.row(299)?.text).toBe('299')
  expect(rows.missing()).toBeGreaterThan(0)
})

test('[UI-175] a line too long for the page goes on in the next row, whole in a copy', () => {
  const line = `\u001b[32m${'😀'.repeat(6_000)}\u001b[0m end`
  const rows = rowsOf([chunk(0, `${line}\nnext`)])
  expect(rows.length).toBeGreaterThan(2)
  expect(rows.map(({ goesOn }) => goesOn)).toEqual([...rows.slice(0, -1).map((_, i) => i > 0), false])
  expect(rows.map(({ line }) => line)).toEqual([...rows.slice(0, -1).map(() => 1), 2])
  for (const { text } of rows) expect(text.isWellFormed()).toBe(true)
  expect(plainRows(rows)).toBe(`${withoutColour(line)}\nnext`)
})

test('[UI-169] a byte of the output leads to the row that holds it', () => {
  const rows = createRows()
  rows.take([chunk(0, 'é\nsecond'), chunk(1, ' line\nthird\n', 9)])
  expect(all(rows).map(({ at }) => at)).toEqual([0, 3, 15])
  expect([0, 2, 3, 12, 15, 99].map(rows.rowAt)).toEqual([0, 0, 1, 1, 2, 3])
})

test('[UI-165] however an output is cut into chunks, its rows say the same', () => {
  const piece = fc.constantFrom('a', 'bc', '\n', '\r\n', 'é😀', '\u001b[31m', '\u001b[0m', 'x'.repeat(3_000), ' ')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.array(fc.nat(40), { maxLength: 5 }), (pieces, cuts) => {
      const whole = createRows()
      whole.take([chunk(0, pieces.join(''))])
      const parts = createRows()
      const places = [0, ...cuts.map((c) => Math.min(c, pieces.length)).toSorted((a, b) => a - b), pieces.length]
      let o = 0
      places.slice(1).forEach((end, q) => {
        const text = pieces.slice(places[q], end).join('')
        parts.take([chunk(q, text, o)])
        o += bytes(text).length
      })
      expect(plainRows(all(parts))).toBe(plainRows(all(whole)))
    }),
  )
})
