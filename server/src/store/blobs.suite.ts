import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { BlobStore, PassingBlobs } from './blobs.ts'

export const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
export const some = (length: number, seed = 7) =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i + 1, seed * 2_654_435_761) >>> 13) & 255)

/** The bytes of a whole blob, or of a part of it. */
export async function readBlob(store: BlobStore, hash: string, from = 0, to?: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  const { received } = await store.look(hash)
  for await (const piece of store.read(hash, from, to ?? received)) pieces.push(piece)
  return new Uint8Array(Buffer.concat(pieces))
}

/** What every blob store must do; `open` gives a fresh, empty one. */
export function blobContract(open: () => Promise<PassingBlobs>): void {
  test('[MIR-80] a blob comes in pieces, each after the one before, and is there once all of it is', async () => {
    const store = await open()
    const bytes = some(1_000)
    const [hash, size] = [hashOf(bytes), bytes.length]
    const put = (from: number, to: number) => store.put(hash, { offset: from, size, bytes: bytes.subarray(from, to) })
    expect(await store.look(hash)).toEqual({ received: 0, complete: false })
    expect(await put(0, 400)).toEqual({ received: 400, complete: false })
    await expect(readBlob(store, hash)).rejects.toMatchObject({ code: 'not-found' })
    // Out of order, or a second time: nothing is taken, and the answer says where to go on.
    expect(await put(500, 1_000)).toEqual({ received: 400, complete: false })
    expect(await put(0, 400)).toEqual({ received: 400, complete: false })
    expect(await put(400, 1_000)).toEqual({ received: 1_000, complete: true })
    expect(await put(0, 400)).toEqual({ received: 1_000, complete: true })
    expect(await store.look(hash)).toEqual({ received: 1_000, complete: true })
    expect(await readBlob(store, hash)).toEqual(bytes)
  })

  test('[MIR-80] a part of a blob is read without the rest', async () => {
    const store = await open()
    const bytes = some(300_000)
    const hash = hashOf(bytes)
    await store.put(hash, { offset: 0, size: bytes.length, bytes })
    expect(await readBlob(store, hash, 100_000, 100_003)).toEqual(bytes.slice(100_000, 100_003))
    expect(await readBlob(store, hash, 299_999)).toEqual(bytes.slice(299_999))
    expect(await readBlob(store, hash, 5, 5)).toEqual(new Uint8Array())
  })

  test('[MIR-80] a blob of no bytes is one too', async () => {
    const store = await open()
    const hash = hashOf(new Uint8Array())
    expect(await store.look(hash)).toEqual({ received: 0, complete: false })
    const answer = await store.put(hash, { offset: 0, size: 0, bytes: new Uint8Array() })
    expect(answer).toEqual({ received: 0, complete: true })
    expect(await readBlob(store, hash)).toEqual(new Uint8Array())
  })

  test('[MIR-81] bytes of another hash are refused and forgotten, and the right ones taken after them', async () => {
    const store = await open()
    const [bytes, wrong] = [some(1_000), some(1_000, 8)]
    const [hash, size] = [hashOf(bytes), bytes.length]
    await store.put(hash, { offset: 0, size, bytes: wrong.subarray(0, 400) })
    await expect(store.put(hash, { offset: 400, size, bytes: wrong.subarray(400) })).rejects.toMatchObject({
      code: 'validation-failed',
    })
    expect(await store.look(hash)).toEqual({ received: 0, complete: false })
    expect(await store.put(hash, { offset: 0, size, bytes })).toEqual({ received: size, complete: true })
    expect(await readBlob(store, hash)).toEqual(bytes)
  })

  test('[MIR-81] a blob that was said to be larger begins anew, and more than it is said to be is refused', async () => {
    const store = await open()
    const bytes = some(500)
    const hash = hashOf(bytes)
    await store.put(hash, { offset: 0, size: 9_999, bytes: some(600) })
    expect(await store.put(hash, { offset: 600, size: 500, bytes })).toEqual({ received: 0, complete: false })
    await expect(store.put(hash, { offset: 0, size: 400, bytes })).rejects.toMatchObject({ code: 'bad-request' })
    expect(await store.put(hash, { offset: 0, size: 500, bytes })).toEqual({ received: 500, complete: true })
  })

  test('[MIR-82] of two who bring one blob at once each hears how much is there, and it is whole once', async () => {
    const store = await open()
    const bytes = some(2_000)
    const [hash, size] = [hashOf(bytes), bytes.length]
    const bring = async (step: number) => {
      let answer = await store.look(hash)
      while (!answer.complete) {
        const offset = answer.received
        answer = await store.put(hash, { offset, size, bytes: bytes.subarray(offset, offset + step) })
      }
    }
    await Promise.all([bring(300), bring(170), bring(2_000)])
    expect(await readBlob(store, hash)).toEqual(bytes)
  })

  test('[MIR-81] a name that is no hash is one that nobody has', async () => {
    const store = await open()
    for (const name of ['', '../../members', 'A'.repeat(64), 'a'.repeat(63)]) {
      expect(await store.look(name)).toEqual({ received: 0, complete: false })
      await expect(store.put(name, { offset: 0, size: 1, bytes: some(1) })).rejects.toThrow()
      await expect(readBlob(store, name)).rejects.toMatchObject({ code: 'not-found' })
    }
  })

  test('[MIR-83] an upload that nobody goes on with is forgotten after a while, a whole blob never', async () => {
    const store = await open()
    const [whole, part] = [some(10), some(1_000)]
    await store.put(hashOf(whole), { offset: 0, size: 10, bytes: whole })
    await store.put(hashOf(part), { offset: 0, size: 1_000, bytes: part.subarray(0, 10) })
    expect(await store.tidy(0)).toBe(0)
    expect((await store.look(hashOf(part))).received).toBe(10)
    expect(await store.tidy(Infinity)).toBe(1)
    expect((await store.look(hashOf(part))).received).toBe(0)
    expect(await readBlob(store, hashOf(whole))).toEqual(whole)
  })

  test('[TSK-107] a blob that passes goes when nobody has brought it lately and nothing names it', async () => {
    const store = await open()
    const [named, unnamed] = [some(100), some(200)]
    for (const bytes of [named, unnamed]) await store.put(hashOf(bytes), { offset: 0, size: bytes.length, bytes })
    const isNamed = (hash: string) => hash === hashOf(named)
    expect(await store.expire(0, isNamed)).toBe(0)
    expect(await store.expire(Infinity, isNamed)).toBe(1)
    expect(await store.look(hashOf(unnamed))).toEqual({ received: 0, complete: false })
    expect(await readBlob(store, hashOf(named))).toEqual(named)
    expect(await store.renew(hashOf(named))).toEqual({ received: 100, complete: true })
    expect(await store.renew(hashOf(unnamed))).toEqual({ received: 0, complete: false })
    // It may be brought anew.
    const answer = await store.put(hashOf(unnamed), { offset: 0, size: 200, bytes: unnamed })
    expect(answer).toEqual({ received: 200, complete: true })
  })
}
