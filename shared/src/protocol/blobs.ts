import { z } from 'zod'

/** A blob's name: the SHA-256 of its bytes, in hexadecimal. */
export const BlobHash = z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in hexadecimal')

/** The most that one request carries; larger blobs come in pieces, each after the one before. */
export const blobPieceBytes = 4 * 2 ** 20

/** What they belong to: files, which may be wanted as long as there is a past, or a task, with whose record they go. */
const BlobsOf = z.enum(['files', 'task']).default('files')

/** `POST …/blobs/missing`: which of these the server does not have whole, and how much of each it has already. */
export const BlobsMissing = z.object({ hashes: z.array(BlobHash).max(1_000), of: BlobsOf })
export const BlobsMissingAnswer = z.object({
  missing: z.array(z.object({ hash: BlobHash, received: z.int().nonnegative() })),
})
export type BlobsMissingAnswer = z.infer<typeof BlobsMissingAnswer>

/**
 * `PUT …/blobs/:hash?offset=&size=` with bytes of the blob from `offset` on: how much the server has now, durably. Where
 * it has another amount than `offset`, nothing is taken and the answer says how much. Whole bytes that do not have this
 * hash are refused and forgotten. `GET …/blobs/:hash` answers them, also a range; `HEAD` whether they are there.
 */
export const BlobPiece = z.object({
  offset: z.coerce.number().int().nonnegative().default(0),
  size: z.coerce.number().int().nonnegative(),
  of: BlobsOf,
})
export const BlobPutAnswer = z.object({ received: z.int().nonnegative(), complete: z.boolean() })
export type BlobPutAnswer = z.infer<typeof BlobPutAnswer>
