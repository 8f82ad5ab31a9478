import { describe, expect, test } from 'vitest'
import { note, stderr, stdout, type LogChunk } from '@tandem/shared/docs'
import { fakeClock } from '@tandem/shared/testing'
import { createOutput } from './output.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

function bench(options: { liveBytes?: number; tailBytes?: number } = {}) {
  const clock = fakeClock(1_000)
  const emitted: LogChunk[][] = []
  const output = createOutput({ emit: (chunks) => void emitted.push([...chunks]), clock, ...options })
  const text = (s?: LogChunk['s']) =>
    Buffer.concat(emitted.flat().flatMap((c) => (s === undefined || c.s === s ? [c.d] : []))).toString()
  return { clock, emitted, output, text }
}

describe('chunks', () => {
  test('[TSK-30] small output waits 50 ms and goes together', () => {
    const { clock, emitted, output } = bench()
    output.write('stdout', bytes('a'))
    output.write('stdout', bytes('b'))
    clock.advance(49)
    expect(emitted).toEqual([])
    clock.advance(1)
    expect(emitted.flat()).toMatchObject([{ q: 0, o: 0, t: 50, s: stdout }])
    expect(Buffer.from(emitted[0]![0]!.d).toString()).toBe('ab')
  })

  test('[TSK-30] sixteen kilobytes go at once, and no chunk is larger', () => {
    const { emitted, output } = bench()
    output.write('stdout', new Uint8Array(40_000).fill(97))
    const chunks = emitted.flat()
    expect(chunks.map((c) => [c.q, c.o, c.d.length])).toEqual([
      [0, 0, 16_384],
      [1, 16_384, 16_384],
      [2, 32_768, 7_232],
    ])
  })

  test('the two streams keep their order', () => {
    const { clock, emitted, output } = bench()
    output.write('stdout', bytes('one'))
    output.write('stderr', bytes('two'))
    output.write('stdout', bytes('three'))
    clock.advance(50)
    expect(emitted.flat().map((c) => [c.s, Buffer.from(c.d).toString(), c.o])).toEqual([
      [stdout, 'one', 0],
      [stderr, 'two', 3],
      [stdout, 'three', 6],
    ])
  })

  test('a character or a colour cut by the program’s writes comes out whole', () => {
    const { clock, emitted, output, text } = bench()
    const whole = Buffer.from('x€\x1b[31mred')
    for (let i = 0; i < whole.length; i++) {
      output.write('stdout', whole.subarray(i, i + 1))
      clock.advance(50)
    }
    expect(text()).toBe('x€\x1b[31mred')
    for (const { d } of emitted.flat())
      expect(Buffer.from(d).toString()).toBeOneOf(['x', '€', '\x1b[31m', 'r', 'e', 'd'])
  })

  test('what is never completed goes out at the end', () => {
    const { clock, output, text } = bench()
    output.write('stderr', bytes('end\x1b[3'))
    clock.advance(50)
    expect(text()).toBe('end')
    expect(output.end()).toEqual({ bytes: 6, truncated: false, tail: 'end\x1b[3' })
    expect(text(stderr)).toBe('end\x1b[3')
  })

  test('a flood of alternating writes stays few chunks', () => {
    const { clock, emitted, output } = bench()
    for (let i = 0; i < 2_000; i++) output.write(i % 2 ? 'stdout' : 'stderr', bytes('x'))
    clock.advance(50)
    expect(emitted.flat().length).toBeLessThanOrEqual(64)
    expect(emitted.flat().reduce((sum, c) => sum + c.d.length, 0)).toBe(2_000)
  })
})

describe('[S137] long output', () => {
  test('up to the limit nothing is left out', () => {
    const { output, text } = bench({ liveBytes: 100, tailBytes: 20 })
    output.write('stdout', bytes('x'.repeat(100)))
    expect(output.end()).toMatchObject({ bytes: 100, truncated: false })
    expect(text()).toBe('x'.repeat(100))
  })

  test('[TSK-32] beyond it, beginning and end are kept, with a neutral marker between', () => {
    const { emitted, output, text } = bench({ liveBytes: 100, tailBytes: 20 })
    output.write('stdout', bytes('x'.repeat(90)))
    for (let i = 0; i < 1_000; i++) output.write(i % 3 ? 'stdout' : 'stderr', bytes(`${i}\n`.padStart(5, '.')))
    expect(output.end()).toMatchObject({ bytes: 5_090, truncated: true })
    expect(text().startsWith('x'.repeat(90))).toBe(true)
    expect(text().endsWith('.996\n.997\n.998\n.999\n')).toBe(true)
    expect(text(note)).toBe('\n… 0.0 MB left out here …\n')
    const chunks = emitted.flat()
    expect(chunks.map((c) => c.q)).toEqual(chunks.map((_, i) => i))
    expect(chunks.at(-1)!.o + chunks.at(-1)!.d.length).toBe(5_090)
  })

  test('the end just after the limit is not called left out', () => {
    const { output, text } = bench({ liveBytes: 10, tailBytes: 20 })
    output.write('stdout', bytes('0123456789abcdef'))
    expect(output.end()).toEqual({ bytes: 16, truncated: false, tail: '0123456789abcdef' })
    expect(text()).toBe('0123456789abcdef')
  })

  test('a character across the limit stays whole where nothing is left out', () => {
    const { emitted, output, text } = bench({ liveBytes: 2, tailBytes: 20 })
    output.write('stdout', bytes('a€b'))
    output.end()
    expect(text()).toBe('a€b')
    expect(emitted.flat().map((c) => Buffer.from(c.d).toString())).toEqual(['a€b'])
  })

  test('the result holds the last 4,000 characters', () => {
    const { output } = bench()
    output.write('stdout', bytes(`${'€'.repeat(10_000)}end`))
    const { tail } = output.end()
    expect(tail).toBe(`${'€'.repeat(3_997)}end`)
  })
})
