import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TaskOutput } from '../protocol/task.ts'
import { maxSegmentBytes, readLogSegment, writeLogLine } from './log-segment.ts'
import { maxChunkBytes, note, stderr, stdout, type LogChunk } from './task-log.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const chunk = (d: Uint8Array, more: Partial<LogChunk> = {}): LogChunk => ({
  ...{ q: 0, o: 0, t: 1.5, s: stdout },
  ...more,
  d: new Uint8Array(d),
})

describe('[TSK-100] a whole log is lines of JSON', () => {
  test('text as text, other bytes in base64, each chunk on a line of its own', () => {
    const chunks = [
      chunk(encode('\x1b[31mrot\x1b[0m "grün"\r\nzwei\n')),
      chunk(Uint8Array.of(0, 255, 128), { q: 1, o: 30, s: stderr }),
      chunk(encode('… 1.0 MB left out here …'), { q: 2, o: 33, s: note }),
      chunk(new Uint8Array(), { q: 3, o: 33 }),
    ]
    const lines = chunks.map(writeLogLine)
    expect(lines.map((line) => Object.keys(JSON.parse(line) as object).at(-1))).toEqual(['d', 'b', 'd', 'd'])
    expect(lines.every((line) => line.indexOf('\n') === line.length - 1)).toBe(true)
    expect(readLogSegment(encode(lines.join('')))).toEqual(chunks)
  })

  test('whatever the bytes, they come back, and a line is at most a third longer', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ unit: 'binary', maxLength: 300 }).map((text) => encode(text.toWellFormed())),
      fc.string({ unit: fc.constantFrom('\0', '\x1b', '"', '\\', '\ufeff', 'a', '😀'), maxLength: 300 }).map(encode),
    )
    fc.assert(
      fc.property(bytes, (d) => {
        const line = writeLogLine(chunk(d))
        expect(encode(line).length).toBeLessThan((d.length * 4) / 3 + 130)
        expect(readLogSegment(encode(line))).toEqual([chunk(d)])
      }),
    )
  })

  test('a line that a crash cut, and one that is none of ours, is left out', () => {
    const whole = writeLogLine(chunk(encode('whole')))
    const strange = ['{}', '[]', 'null', '{"q":-1,"o":0,"t":0,"s":1,"d":"x"}', '{"q":0,"o":0,"t":0,"s":9,"d":""}']
    const text = `${strange.join('\n')}\n${whole}\n\n${whole.slice(0, 20)}`
    expect(readLogSegment(encode(text))).toEqual([chunk(encode('whole'))])
    const long = `{"q":0,"o":0,"t":0,"s":1,"d":"${'x'.repeat(maxChunkBytes + 1)}"}\n`
    expect(readLogSegment(encode(long))).toEqual([])
    expect(readLogSegment(encode(whole.repeat((4 * maxSegmentBytes) / whole.length))).length).toBeLessThan(
      (2 * maxSegmentBytes) / whole.length,
    )
  })
})

test('[TSK-186] no record names a segment that is larger', () => {
  const named = (size: number) =>
    TaskOutput.safeParse({ bytes: 1, truncated: false, tail: '', segments: [{ blob: 'a'.repeat(64), size, lines: 1 }] })
  expect([named(maxSegmentBytes).success, named(maxSegmentBytes + 1).success]).toEqual([true, false])
})
