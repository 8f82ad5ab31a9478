import { describe, expect, test } from 'vitest'
import { note, stderr, stdout, type LogChunk } from '@tandem/shared/docs'
import { fakeClock } from '@tandem/shared/testing'
import { createOutput } from './output.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

function bench(options: { afterRestMs?: number } = {}) {
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

  test('[TSK-232] at a terminal the first after a rest goes soon, what follows together', () => {
    const { clock, emitted, output, text } = bench({ afterRestMs: 5 })
    output.write('stdout', bytes('a'))
    clock.advance(5)
    expect(text()).toBe('a')
    for (const key of 'bcd') {
      output.write('stdout', bytes(key))
      clock.advance(10)
    }
    expect(emitted).toHaveLength(1)
    clock.advance(20)
    expect(emitted).toHaveLength(2)
    expect(text()).toBe('abcd')
    clock.advance(50)
    output.write('stdout', bytes('e'))
    clock.advance(5)
    expect(text()).toBe('abcde')
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
    expect(output.end()).toEqual({ bytes: 6, tail: 'end\x1b[3' })
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

describe('long output', () => {
  test('[TSK-32] every byte is in one chunk, numbered without gaps, each saying how much is before it', () => {
    const { emitted, output, text, clock } = bench()
    for (let i = 0; i < 1_000; i++, clock.advance(i % 7))
      output.write(i % 3 ? 'stdout' : 'stderr', bytes(`${i}\n`.padStart(50, '.')))
    output.note('a word of ours')
    expect(output.end()).toMatchObject({ bytes: 50_000 })
    const chunks = emitted.flat()
    expect(chunks.map((c) => c.q)).toEqual(chunks.map((_, i) => i))
    const own = chunks.filter(({ s }) => s !== note)
    expect(own.map((c) => c.o)).toEqual(
      own.map((_, i) => (i === 0 ? 0 : (own[i - 1]?.o ?? 0) + (own[i - 1]?.d.length ?? 0))),
    )
    expect(text(note)).toBe('\na word of ours\n')
    expect(text(stdout).length + text(stderr).length).toBe(50_000)
  })

  test('the result holds the last 4,000 characters', () => {
    const { output } = bench()
    output.write('stdout', bytes(`${'€'.repeat(10_000)}end`))
    const { tail } = output.end()
    expect(tail).toBe(`${'€'.repeat(3_997)}end`)
  })
})
