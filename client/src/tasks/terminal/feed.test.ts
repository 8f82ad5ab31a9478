import type { LogChunk } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import { createFeed } from './feed.ts'

const megabyte = 2 ** 20
const chunks: LogChunk[] = Array.from({ length: 10 }, (_, q) => ({
  q,
  o: q * megabyte,
  t: 0,
  s: 1,
  d: new Uint8Array(megabyte).fill(q),
}))

test('[UI-178] [UI-186] a screen gets no more than it has read, and in the end all of it, each once', async () => {
  const written: number[] = []
  const reads: (() => void)[] = []
  const feed = createFeed((data, done) => {
    written.push(typeof data === 'string' ? -1 : (data[0] ?? -1))
    reads.push(done)
  })
  let full = feed.take(chunks, true)
  expect(written).toEqual([0, 1, 2, 3, 4])
  expect(feed.isLive()).toBe(false)
  while (full) {
    reads.splice(0).forEach((done) => done())
    await full
    full = feed.take(chunks, true)
  }
  expect(written).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(feed.isLive()).toBe(false)
  reads.forEach((done) => done())
  expect(feed.isLive()).toBe(true)
})
