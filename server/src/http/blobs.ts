import {
  BlobHash,
  BlobPiece,
  BlobPutAnswer,
  BlobsMissing,
  BlobsMissingAnswer,
  TandemError,
  blobPieceBytes,
} from '@tandem/shared'
import { Hono } from 'hono'
import { rawBlob } from './content.ts'
import type { Caller, Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { readBody, readValue } from './problem.ts'
import { rawAnswer, rawAnswers, rawHeaders } from './raw-answer.ts'
import { requireRole } from './who.ts'

const tag = 'Blobs'

const isDaemon = ({ daemon, by, scopes }: Caller): boolean => Boolean(daemon) || (by === 'key' && scopes.has('daemon'))

/** What a task left comes from where it ran: a person's page could only make it up. */
function requireDaemon(caller: Caller): void {
  if (isDaemon(caller)) return
  const reason = 'what a task left is brought by its daemon, or with a key that has the scope daemon'
  throw new TandemError('forbidden', { reason, scope: 'daemon' })
}

/** `…/blobs`: what is not text, by the SHA-256 of its bytes. Files name it in the index; it comes before its file does. */
export function blobRoutes(deps: HttpDeps): Hono<Env> {
  const { blobs, outputs, settings } = deps
  return new Hono<Env>()
    .post(
      '/missing',
      describe({
        tag,
        summary: 'Which of these blobs the server does not have whole',
        body: BlobsMissing,
        answers: { 200: BlobsMissingAnswer },
      }),
      requireRole(deps, 'viewer'),
      async (c) => {
        const { hashes, of } = await readBody(c, BlobsMissing)
        const missing: BlobsMissingAnswer['missing'] = []
        // Who brings it says so anew of what is here; who only looks keeps nothing from going.
        const ofTask = isDaemon(c.var.caller) ? outputs.renew : outputs.look
        const look = of === 'task' ? ofTask : blobs.look
        for (const hash of new Set(hashes)) {
          const { received, complete } = await look(hash)
          if (!complete) missing.push({ hash, received })
        }
        return c.json<BlobsMissingAnswer>({ missing })
      },
    )
    .put(
      '/:hash',
      describe({
        tag,
        summary: 'Bring a blob, or the next piece of it',
        more: `At most ${blobPieceBytes} bytes a request. The answer says how much is on disk: where that is another amount than \`offset\` and these bytes make, go on from there. Whole bytes of another hash are refused and forgotten.`,
        query: BlobPiece,
        body: 'bytes',
        answers: { 200: BlobPutAnswer },
        errors: ['too-large', 'store-failed', 'disk-full'],
      }),
      requireRole(deps, 'editor'),
      async (c) => {
        const hash = readValue(c.req.param('hash'), BlobHash)
        const { offset, size, of } = readValue(c.req.query(), BlobPiece)
        if (of === 'task') requireDaemon(c.var.caller)
        const limit = settings.maxBlobBytes
        if (size > limit) throw new TandemError('too-large', { reason: 'the file is too large', size, limit })
        const bytes = new Uint8Array(await c.req.arrayBuffer())
        if (bytes.length > blobPieceBytes) {
          const reason = 'these are too many bytes at once: bring them in pieces'
          throw new TandemError('too-large', { reason, bytes: bytes.length, limit: blobPieceBytes })
        }
        const store = of === 'task' ? outputs : blobs
        return c.json<BlobPutAnswer>(await store.put(hash, { offset, size, bytes }))
      },
    )
    .get(
      '/:hash',
      describe({
        tag,
        summary: 'Read a blob',
        headers: rawHeaders,
        answers: rawAnswers,
        errors: ['not-found', 'range-invalid'],
      }),
      requireRole(deps, 'viewer'),
      async (c) => {
        const hash = readValue(c.req.param('hash'), BlobHash)
        const raw = (await rawBlob(blobs, hash)) ?? (await rawBlob(outputs, hash))
        if (!raw) throw new TandemError('not-found', { reason: 'the server does not have this blob' })
        // By its name it is the same for ever.
        c.header('cache-control', 'private, max-age=31536000, immutable')
        return rawAnswer(deps, c, raw)
      },
    )
}
