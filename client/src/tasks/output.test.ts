import type { LogChunk } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import { createOutput } from './output.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const chunk = (q: number, text: string | Uint8Array<ArrayBuffer>, o = 0, s: LogChunk['s'] = 1): LogChunk => ({
  q,
  o,
  t: 0,
  s,
  d: typeof text === 'string' ? bytes(text) : text,
})
const texts = (chunks: LogChunk[]) => createOutput()(chunks).lines.map((l) => l.text)

test('[S127] chunks become lines, wherever they were cut', () => {
  expect(texts([chunk(0, 'one\ntw'), chunk(1, 'o\nthree')])).toEqual(['one', 'two', 'three'])
  const [a, b] = [bytes('é').slice(0, 1), bytes('é').slice(1)]
  expect(texts([chunk(0, a), chunk(1, b)])).toEqual(['é'])
})

test('[S127] a line belongs to the stream that began it', () => {
  const { lines } = createOutput()([chunk(0, 'out\n'), chunk(1, 'err', 4, 2), chunk(2, '…\n', 7, 1)])
  expect(lines).toEqual([
    { text: 'out', stream: 1 },
    { text: 'err…', stream: 2 },
  ])
})

test('[S127] a colour that is on at the end of a line goes on in the next', () => {
  expect(texts([chunk(0, '\u001b[31mred\nstill\u001b[0m\nplain')])).toEqual([
    '\u001b[31mred',
    '\u001b[31mstill\u001b[0m',
    'plain',
  ])
})

test('[S127] a carriage return writes over its line, as on a terminal', () => {
  expect(texts([chunk(0, '10%\r50%\r'), chunk(1, '100%\ndone\r\n')])).toEqual(['100%', 'done'])
})

test('[S127] nothing but colour gets through to the page', () => {
  expect(texts([chunk(0, 'a\u001b]0;title\u0007b\u001b[2Jc')])).toEqual(['abc'])
})

test('[S131] a growing log is read once, a trimmed one anew, and what is missing is told', () => {
  const read = createOutput()
  const all = [chunk(0, 'a\n'), chunk(1, 'b\n', 2)]
  const firstRead = read(all)
  expect(read(all)).toBe(firstRead)
  expect(read([...all, chunk(2, 'c\n', 4)]).lines).toHaveLength(3)
  expect(read([chunk(1, 'b\n', 2), chunk(2, 'c\n', 4)])).toMatchObject({
    missing: 2,
    lines: [{ text: 'b' }, { text: 'c' }],
  })
})
