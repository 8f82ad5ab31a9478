import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import path from 'node:path'
import { BlobHash, TandemError } from '@tandem/shared'
import { createBlobStore, type BlobPlace, type PassingBlobs } from './blobs.ts'
import { isFull } from './room.ts'

/** What is not whole yet lies here, and goes to its place by one rename. */
const incoming = 'incoming'

/**
 * Blobs as files in `folder`, `ab/cdef…` by their hash, for the server's own account alone. After a kill at any moment a
 * blob is whole or not there, and an upload goes on with what came of it.
 */
export async function openFolderBlobs(folder: string, bound: { maxBytes?: number } = {}): Promise<PassingBlobs> {
  await mkdir(path.join(folder, incoming), { recursive: true, mode: 0o700 })
  const wholeFile = (hash: string) => path.join(folder, hash.slice(0, 2), hash.slice(2))
  const partialFile = (hash: string) => path.join(folder, incoming, hash)

  const place: BlobPlace = {
    whole: (hash) => sizeOf(wholeFile(hash)),
    partial: async (hash) => (await sizeOf(partialFile(hash))) ?? 0,
    append: (hash, offset, bytes, isLast) =>
      told(folder, async () => {
        const file = await open(partialFile(hash), 'a', 0o600)
        try {
          await file.writeFile(bytes)
          await file.datasync()
        } catch (e) {
          // What the disk failed to take must not be taken for received, though it may read as if it were.
          await file.truncate(offset).catch(() => {}) // The hash is looked at in the end.
          throw e
        } finally {
          await file.close()
        }
        if (offset === 0 && !isLast) await syncFolder(path.join(folder, incoming))
      }),
    readPartial: (hash) => createReadStream(partialFile(hash)),
    keep: (hash) =>
      told(folder, async () => {
        const file = wholeFile(hash)
        if (await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })) await syncFolder(folder)
        await rename(partialFile(hash), file)
        await syncFolder(path.dirname(file)).catch(async (e: unknown) => {
          // It must not be found as if it were there for good.
          await rm(file, { force: true })
          throw e
        })
      }),
    forget: (hash) => rm(partialFile(hash), { force: true }),
    read: async function* (hash, from, to) {
      // A stream would begin with the last byte where nothing is asked for.
      if (to > from) yield* createReadStream(wholeFile(hash), { start: from, end: to - 1 }) as AsyncIterable<Uint8Array>
    },
    partials: async () => {
      const found: { hash: string; at: number }[] = []
      for (const hash of await readdir(path.join(folder, incoming))) {
        if (!BlobHash.safeParse(hash).success) continue
        const { mtimeMs: at } = (await stat(partialFile(hash)).catch(() => undefined)) ?? {}
        if (at !== undefined) found.push({ hash, at })
      }
      return found
    },
    wholes: async function* () {
      for (const start of await readdir(folder)) {
        if (!/^[0-9a-f]{2}$/.test(start)) continue
        for (const rest of await readdir(path.join(folder, start))) {
          const hash = start + rest
          const { mtimeMs: at, size } = (await stat(wholeFile(hash)).catch(() => undefined)) ?? {}
          if (BlobHash.safeParse(hash).success && at !== undefined && size !== undefined) yield { hash, at, size }
        }
      }
    },
    touch: (hash) => utimes(wholeFile(hash), new Date(), new Date()),
    remove: (hash) => rm(wholeFile(hash), { force: true }),
  }
  return createBlobStore(place, bound)
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    // Unreadable is not the same as not there.
    throw new TandemError('store-failed', { reason: 'a blob cannot be looked at' }, e)
  }
}

/** The disk's errors as ours. */
async function told<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (e) {
    if (isFull(e)) throw new TandemError('disk-full', { reason: `there is no room left in ${folder}` }, e)
    throw new TandemError('store-failed', { reason: 'a blob could not be written' }, e)
  }
}

/** A new name is on disk once its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
