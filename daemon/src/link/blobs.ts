import { BlobHash, blobPieceBytes, BlobPutAnswer, BlobsMissingAnswer, TandemError } from '@tandem/shared'
import type { persistently } from './persistently.ts'

export type Blobs = ReturnType<typeof createBlobs>

type BlobsOptions = {
  call: (route: string, init: RequestInit) => Promise<Response>
  /** Tries again what fails for want of a connection: a piece that came twice counts once. */
  persist: ReturnType<typeof persistently>
  /** `task`: they are what a task left, and go with it. */
  of?: 'files' | 'task'
}

/** Large and binary content over HTTP: what the server has already is not sent again, not even a part of it. */
export function createBlobs({ call, persist, of = 'files' }: BlobsOptions) {
  /** How much of it the server has. */
  const ask = async (hash: string, signal: AbortSignal): Promise<BlobPutAnswer> => {
    const response = await call('/blobs/missing', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ hashes: [hash], of }),
      signal,
    })
    const [missing] = BlobsMissingAnswer.parse(await response.json()).missing
    return { received: missing?.received ?? 0, complete: missing === undefined }
  }
  const send = async (route: string, bytes: Uint8Array, signal: AbortSignal): Promise<BlobPutAnswer> => {
    const response = await call(route, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array(bytes),
      signal,
    })
    return BlobPutAnswer.parse(await response.json())
  }
  const open = async (hash: string, from: number, signal: AbortSignal) => {
    const response = await call(`/blobs/${hash}`, { headers: from > 0 ? { range: `bytes=${from}-` } : {}, signal })
    // A proxy may not know of ranges.
    if (from > 0 && response.status !== 206) {
      await response.body?.cancel()
      throw new TandemError('internal', { reason: 'the server answers with the whole where a part was asked for' })
    }
    const reader = response.body?.getReader()
    const length = response.headers.get('content-length')
    // The first of it comes with the answer: where nothing does, all of this is tried again, with a pause.
    return { reader, first: await reader?.read(), end: length === null ? undefined : from + Number(length) }
  }

  return {
    /** As `Blobs` of the mirror says; throws `conflict` where `read` has less than `size` bytes. */
    put: async (
      { hash, size }: { hash: string; size: number },
      read: (offset: number, length: number) => Promise<Uint8Array>,
      signal: AbortSignal,
    ): Promise<void> => {
      // Asked first, however small it is: who brings it learns by not being read that it was there.
      let now = await persist(() => ask(hash, signal), signal)
      while (!now.complete) {
        // More than there is came of another who meant another size: the server begins anew.
        const offset = now.received
        const length = Math.max(0, Math.min(blobPieceBytes, size - offset))
        const bytes = length > 0 ? await read(offset, length) : new Uint8Array()
        if (bytes.length === 0 && length > 0)
          throw new TandemError('conflict', { reason: 'the file became shorter while it was sent', size, offset })
        now = await persist(() => send(`/blobs/${hash}?offset=${offset}&size=${size}&of=${of}`, bytes, signal), signal)
      }
    },
    /**
     * As `Blobs` of the mirror says; throws `range-invalid` where the blob ends before `from`, and `not-found` for what
     * is no hash: it would be another route of the server's.
     */
    get: async function* (hash: string, from: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
      if (!BlobHash.safeParse(hash).success) throw new TandemError('not-found', { reason: 'no name of a blob' })
      let at = from
      for (;;) {
        let isOver = false
        const { reader, first, end } = await persist(() => open(hash, at, signal), signal)
        if (!reader) return
        try {
          for (let next = first; next && !next.done; next = await reader.read()) {
            at += next.value.length
            yield next.value
          }
          isOver = true
        } catch {
          signal.throwIfAborted() // Else it was cut, and goes on where it ended.
        } finally {
          await reader.cancel().catch(() => {}) // It is over in either case.
        }
        if (end === undefined ? isOver : at >= end) return
      }
    },
  }
}
