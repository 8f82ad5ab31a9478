import { createHash } from 'node:crypto'
import { BlobHash, TandemError, type BlobPutAnswer } from '@tandem/shared'

/** What is not text, by the SHA-256 of its bytes. The contract (`blobs.suite.ts`): what is acknowledged is on disk, and a blob that is there whole has this hash. */
export type BlobStore = {
  /** How much of it is here; a name that is no hash is one that nobody has. */
  look(hash: string): Promise<BlobPutAnswer>
  /**
   * Takes the bytes from `offset` on of a blob of `size` bytes, if that is where the ones before ended; answers how much is
   * here then. Throws `validation-failed` for whole bytes of another hash, and forgets them; `bad-request` for more bytes
   * than it is to have; `disk-full` and `store-failed`, and nothing of this piece counts.
   */
  put(hash: string, piece: { offset: number; size: number; bytes: Uint8Array }): Promise<BlobPutAnswer>
  /** The bytes with `from <= place < to` of a whole blob, in pieces; throws `not-found` where it is not here. */
  read(hash: string, from: number, to: number): AsyncGenerator<Uint8Array>
  /** Forgets uploads that did not go on since `before` (server's time, ms); returns how many. Whole blobs stay: history needs them. */
  tidy(before: number): Promise<number>
}

/** Blobs that go again: those of tasks, never those of files, which history needs. */
export type PassingBlobs = BlobStore & {
  /** As `look`; what is here whole counts as if it had come now. */
  renew(hash: string): Promise<BlobPutAnswer>
  /** Forgets what came before `before` (server's time, ms) and nothing names any more; returns how many. */
  expire(before: number, isNamed: (hash: string) => boolean): Promise<number>
}

/** Where the bytes lie. Nothing here knows of hashes but as names, and each name is used by one at a time. */
export type BlobPlace = {
  /** The size of a whole blob; undefined where there is none. */
  whole(hash: string): Promise<number | undefined>
  /** How many bytes of it came; 0 where there are none. */
  partial(hash: string): Promise<number>
  /**
   * Adds bytes at the end of what came, which is `offset`; on disk when resolved. Where it throws they are not there.
   * `isLast`: it is kept or forgotten next, so that it need not be found by its name.
   */
  append(hash: string, offset: number, bytes: Uint8Array, isLast: boolean): Promise<void>
  /** What came. */
  readPartial(hash: string): AsyncIterable<Uint8Array>
  /** What came is the blob; on disk when resolved. */
  keep(hash: string): Promise<void>
  forget(hash: string): Promise<void>
  read(hash: string, from: number, to: number): AsyncIterable<Uint8Array>
  /** Blobs of which a part came, and when the last of it did, ms. */
  partials(): Promise<{ hash: string; at: number }[]>
  /** The whole ones, their sizes in bytes, and when each came or was last touched, ms. */
  wholes(): AsyncIterable<{ hash: string; at: number; size: number }>
  touch(hash: string): Promise<void>
  remove(hash: string): Promise<void>
}

/** `maxBytes`: what is too much for that, all together, is refused as `too-large`. */
export function createBlobStore(place: BlobPlace, { maxBytes = Infinity } = {}): PassingBlobs {
  const room = createRoom(place, maxBytes)
  const last = new Map<string, Promise<unknown>>()
  /** One after the other for each blob: two who bring the same at once do not write over each other. */
  const inTurn = <T>(hash: string, work: () => Promise<T>): Promise<T> => {
    const mine = (last.get(hash) ?? Promise.resolve()).then(work)
    const settled = mine
      .catch(() => {}) // Told to its own caller.
      .finally(() => {
        if (last.get(hash) === settled) last.delete(hash)
      })
    last.set(hash, settled)
    return mine
  }
  const look = async (hash: string): Promise<BlobPutAnswer> => {
    // It becomes a path.
    if (!BlobHash.safeParse(hash).success) return { received: 0, complete: false }
    const size = await place.whole(hash)
    return size === undefined
      ? { received: await place.partial(hash), complete: false }
      : { received: size, complete: true }
  }
  const hashOf = async (pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> => {
    const hash = createHash('sha256')
    for await (const piece of pieces) hash.update(piece)
    return hash.digest('hex')
  }

  return {
    look,
    put: async (hash, { offset, size, bytes }) => {
      BlobHash.parse(hash)
      return inTurn(hash, async () => {
        let now = await look(hash)
        if (now.complete) return now
        if (now.received > size) {
          // Whoever brought that meant another size: one of the two is wrong, and the hash will say which.
          await place.forget(hash)
          now = { received: 0, complete: false }
        }
        if (offset !== now.received) return now
        const received = offset + bytes.length
        if (received > size)
          throw new TandemError('bad-request', { reason: 'these are more bytes than the blob is said to have', size })
        if (bytes.length > 0 || size === 0) {
          await room.take(hash, size)
          await place.append(hash, offset, bytes, received === size).catch((e: unknown) => {
            if (offset === 0) room.give(hash)
            throw e
          })
        }
        if (received < size) return { received, complete: false }
        // What came in one piece is looked at here, and not read again.
        if ((await hashOf(offset === 0 ? [bytes] : place.readPartial(hash))) !== hash) {
          await place.forget(hash)
          room.give(hash)
          const reason = 'these bytes have another hash: they were damaged on the way, or the file changed meanwhile'
          throw new TandemError('validation-failed', { reason, hash })
        }
        await place.keep(hash)
        room.fill(hash)
        return { received, complete: true }
      })
    },
    read: async function* (hash, from, to) {
      if (!(await look(hash)).complete) throw new TandemError('not-found', { reason: 'there is no such blob', hash })
      yield* place.read(hash, from, to)
    },
    renew: (hash) =>
      inTurn(hash, async () => {
        const now = await look(hash)
        if (now.complete) await place.touch(hash)
        return now
      }),
    expire: async (before, isNamed) => {
      let gone = 0
      await room.known()
      for await (const { hash, at, size } of place.wholes()) {
        if (at >= before || isNamed(hash)) continue
        await inTurn(hash, () => place.remove(hash))
        room.empty(size)
        gone += 1
      }
      return gone
    },
    tidy: async (before) => {
      let gone = 0
      for (const { hash, at } of await place.partials()) {
        if (at >= before) continue
        await inTurn(hash, () => place.forget(hash))
        room.give(hash)
        gone += 1
      }
      return gone
    },
  }
}

/** How much is here, counted once it matters: what is whole, and what is on its way by the size it is to have. */
function createRoom(place: BlobPlace, maxBytes: number) {
  let coming = new Map<string, number>()
  let whole = 0
  let counting: Promise<void> | undefined
  const count = async () => {
    let sum = 0
    for await (const { size } of place.wholes()) sum += size
    const partials = new Map<string, number>()
    for (const { hash } of await place.partials()) partials.set(hash, await place.partial(hash))
    whole = sum
    coming = partials
  }
  /** Nothing is brought or taken away before it. */
  const known = async () => {
    if (maxBytes === Infinity) return
    await (counting ??= count().catch((e: unknown) => {
      counting = undefined
      throw e
    }))
  }
  return {
    known,
    /** Throws where there is no room for it. */
    take: async (hash: string, size: number) => {
      await known()
      const others = [...coming].reduce((sum, [each, bytes]) => sum + (each === hash ? 0 : bytes), whole)
      if (others + size > maxBytes)
        throw new TandemError('too-large', { reason: 'there is no room for more of what tasks leave', limit: maxBytes })
      coming.set(hash, size)
    },
    fill: (hash: string) => {
      whole += coming.get(hash) ?? 0
      coming.delete(hash)
    },
    give: (hash: string) => coming.delete(hash),
    empty: (size: number) => (whole -= size),
  }
}
