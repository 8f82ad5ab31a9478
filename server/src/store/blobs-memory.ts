import { joined } from '@tandem/shared'
import { createBlobStore, type BlobPlace, type PassingBlobs } from './blobs.ts'

/** For tests: forgotten with the process. */
export function openMemoryBlobs(now: () => number = Date.now, bound: { maxBytes?: number } = {}): PassingBlobs {
  const wholes = new Map<string, Uint8Array>()
  const cameAt = new Map<string, number>()
  const partials = new Map<string, { bytes: Uint8Array; at: number }>()
  const place: BlobPlace = {
    whole: async (hash) => wholes.get(hash)?.length,
    partial: async (hash) => partials.get(hash)?.bytes.length ?? 0,
    append: async (hash, _offset, bytes) => {
      const before = partials.get(hash)?.bytes ?? new Uint8Array()
      partials.set(hash, { bytes: joined([before, bytes]), at: now() })
    },
    readPartial: async function* (hash) {
      yield partials.get(hash)?.bytes ?? new Uint8Array()
    },
    keep: async (hash) => {
      wholes.set(hash, partials.get(hash)?.bytes ?? new Uint8Array())
      cameAt.set(hash, now())
      partials.delete(hash)
    },
    forget: async (hash) => {
      partials.delete(hash)
    },
    read: async function* (hash, from, to) {
      yield (wholes.get(hash) ?? new Uint8Array()).slice(from, to)
    },
    wholes: async function* () {
      for (const [hash, at] of [...cameAt]) yield { hash, at, size: wholes.get(hash)?.length ?? 0 }
    },
    touch: async (hash) => void cameAt.set(hash, now()),
    remove: async (hash) => {
      wholes.delete(hash)
      cameAt.delete(hash)
    },
    partials: async () => [...partials].map(([hash, { at }]) => ({ hash, at })),
  }
  return createBlobStore(place, bound)
}
