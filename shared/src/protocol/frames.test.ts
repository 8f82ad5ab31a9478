import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bulkFrames, encodeBulkFrame, encodeFeedFrame, feedFrames, type BulkFrame, type FeedFrame } from './frames.ts'

async function collect<T>(frames: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = []
  for await (const f of frames) out.push(f)
  return out
}

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
}

const join = (parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((p) => [...p]))

test('[LOG-2] feed frames come out as they went in, however the network cuts them', async () => {
  const frame: fc.Arbitrary<FeedFrame> = fc.oneof(
    fc.record({ t: fc.constant('at' as const), generation: fc.nat(), seq: fc.nat() }),
    fc.record({ t: fc.constant('moved' as const), seq: fc.nat(), doc: fc.string() }),
    fc.record({ t: fc.constant('ping' as const) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(frame), fc.integer({ min: 1, max: 40 }), async (frames, size) => {
      expect(await collect(feedFrames(inPieces(join(frames.map(encodeFeedFrame)), size)))).toEqual(frames)
    }),
  )
})

test('[LOG-2] [LOG-28] bulk frames likewise, with and without content, and damaged ones as such', async () => {
  const frame: fc.Arbitrary<BulkFrame> = fc.oneof(
    fc.record({ doc: fc.string(), update: fc.uint8Array({ minLength: 1, maxLength: 300 }) }),
    fc.record({ doc: fc.string() }),
    fc.record({ doc: fc.string(), damaged: fc.constant(true as const) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(frame), fc.integer({ min: 1, max: 97 }), async (frames, size) => {
      expect(await collect(bulkFrames(inPieces(join(frames.map(encodeBulkFrame)), size)))).toEqual(frames)
    }),
  )
})

test('[LOG-2] a stream that ends inside a frame is an error, not a shorter list', async () => {
  const whole = encodeBulkFrame({ doc: 'd', update: new Uint8Array(100) })
  await expect(collect(bulkFrames(inPieces(whole.subarray(0, 50), 7)))).rejects.toThrow('ended inside a frame')
})

test('[S82] a frame that claims to be enormous is refused before its bytes are awaited', async () => {
  await expect(collect(bulkFrames(inPieces(Uint8Array.of(255, 255, 255, 255, 127), 5)))).rejects.toThrow('too large')
})
