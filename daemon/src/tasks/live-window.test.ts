import { note, openTaskLog, stdout, windowBytes, type LogChunk } from '@tandem/shared/docs'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { createLiveWindow } from './live-window.ts'

function bench(options: { wholeBytes?: number; refillBytes?: number; followBytes?: number } = {}) {
  const clock = fakeClock(1_000)
  const shown: LogChunk[] = []
  const window = createLiveWindow({
    append: (chunks) => void shown.push(...chunks),
    clock,
    refillBytes: 0,
    ...options,
  })
  let [q, o] = [0, 0]
  const bytes = new Uint8Array(16_384).fill(97)
  const chunk = (size: number): LogChunk => {
    const made: LogChunk = { q: q++, o, t: 0, s: stdout, d: bytes.subarray(0, size) }
    o += size
    return made
  }
  return { clock, shown, window, chunk }
}

test('[TSK-101] up to the limit all of an output is shown as it comes', () => {
  const { shown, window, chunk } = bench({ wholeBytes: 100, followBytes: 20 })
  for (let i = 0; i < 10; i++) window.take([chunk(10)])
  expect(shown.map(({ q }) => q)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  window.end()
  expect(shown).toHaveLength(10)
})

test('[TSK-101] beyond it the newest of it follows once a second, and says how much it leaves out', () => {
  const { clock, shown, window, chunk } = bench({ wholeBytes: 100, followBytes: 20 })
  window.take(Array.from({ length: 15 }, () => chunk(10)))
  expect(shown).toHaveLength(10)
  window.take([chunk(10)])
  clock.advance(999)
  expect(shown).toHaveLength(10)
  clock.advance(1)
  expect(shown.slice(10).map(({ q, s }) => [q, s])).toEqual([
    [10, note],
    [14, stdout],
    [15, stdout],
  ])
  expect(Buffer.from(shown[10]?.d ?? []).toString()).toBe('\n… 0.0 MB not shown while it runs …\n')
  window.take([chunk(5)])
  expect(shown).toHaveLength(13)
  window.end()
  expect(shown.at(-1)?.q).toBe(16)
})

test('[TSK-101] nothing is shown before what came before it, however small it is', () => {
  const { shown, window, chunk } = bench({ wholeBytes: 100, followBytes: 20 })
  for (const size of [95, 10, 5]) window.take([chunk(size)])
  expect(shown.map(({ q }) => q)).toEqual([0])
  window.end()
  expect(shown.map(({ q }) => q)).toEqual([0, 1, 2])
})

test('[TSK-101] what redraws its screen all day is followed as it writes, also after a flood', () => {
  const { clock, shown, window, chunk } = bench({ wholeBytes: 100, refillBytes: 10, followBytes: 20 })
  window.take(Array.from({ length: 15 }, () => chunk(10)))
  clock.advance(10_000)
  const before = shown.length
  for (let second = 0; second < 1_000; second++) {
    window.take([chunk(10)])
    expect(shown).toHaveLength(before + second + 1)
    clock.advance(1_000)
  }
})

test('[TSK-101] a hundred megabytes at once, and thousands of small chunks, leave a small document', () => {
  const fast = new Y.Doc()
  const { window, chunk, clock } = bench()
  const flood = createLiveWindow({ append: openTaskLog(fast).append, clock })
  for (let i = 0; i < 1_600; i++) flood.take(Array.from({ length: 4 }, () => chunk(16_384)))
  flood.end()
  expect(Y.encodeStateAsUpdate(fast).length).toBeLessThan(windowBytes * 1.1)
  expect(openTaskLog(fast).snapshot().at(-1)?.q).toBe(6_399)
  window.end()

  const slow = new Y.Doc()
  const log = openTaskLog(slow)
  for (let i = 0; i < 4_000; i++) log.append([chunk(100)])
  expect(log.snapshot().length).toBeLessThanOrEqual(512)
  expect(Y.encodeStateAsUpdate(slow).length).toBeLessThan(100_000)
})
