import { blobPieceBytes, BlobPutAnswer, BlobsMissingAnswer } from '@tandem/shared'
import type { persistently } from './persistently.ts'

export type Blobs = ReturnType<typeof createBlobs>

type BlobsOptions = {
  call: (route: string, init: RequestInit) => Promise<Response>
  /** Tries again what fails for want of a connection. */
  persist: ReturnType<typeof persistently>
}

/** Large and binary content over HTTP: what the server has already is not sent again, not even a part of it. */
export function createBlobs({ call, persist }: BlobsOptions) {
  return {
    put: async (
      { hash, size }: { hash: string; size: number },
      read: (offset: number, length: number) => Promise<Uint8Array>,
      signal: AbortSignal,
    ): Promise<void> => {
      const asked = await persist(async () => {
        const response = await call('/blobs/missing', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ hashes: [hash] }),
          signal,
        })
        return BlobsMissingAnswer.parse(await response.json())
      }, signal)
      let [answer] = asked.missing.map(({ received }): BlobPutAnswer => ({ received, complete: false }))
      while (answer && !answer.complete) {
        const offset = answer.received
        const bytes = await read(offset, blobPieceBytes)
        answer = await persist(async () => {
          const response = await call(`/blobs/${hash}?offset=${offset}&size=${size}`, {
            method: 'PUT',
            headers: { 'content-type': 'application/octet-stream' },
            body: new Uint8Array(bytes),
            signal,
          })
          return BlobPutAnswer.parse(await response.json())
        }, signal)
      }
    },
    get: async function* (hash: string, from: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
      let at = from
      const response = await persist(
        () => call(`/blobs/${hash}`, { headers: at > 0 ? { range: `bytes=${at}-` } : {}, signal }),
        signal,
      )
      if (!response.body) return
      for await (const piece of response.body) {
        at += piece.length
        yield piece
      }
    },
  }
}
