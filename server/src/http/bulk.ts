import {
  BulkPut,
  BulkPutAnswer,
  BulkRead,
  TandemError,
  bulkFrames,
  docPath,
  encodeBulkFrame,
  isTandemError,
  joined,
  mayRead,
  parseDocName,
  parseDocPath,
  type BulkFrame,
  type Claims,
  type DocRef,
  type ErrorCode,
} from '@tandem/shared'
import { Hono } from 'hono'
import { createBulkPut } from '../sync/bulk-put.ts'
import { ahead } from './ahead.ts'
import { claimsOf } from './claims.ts'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { readBody, readValue } from './problem.ts'
import { streamOf } from './stream.ts'
import { requireRole } from './who.ts'

/** At most so many documents wait for the disk, so that a large seeding is not gathered in memory. */
const waveSize = 256
/** What is read is sent in pieces of about this size. */
const pieceBytes = 64 * 2 ** 10

/** Several are read at once while they are small: so many, or of so many bytes. */
const window = { count: 8, bytes: 2 ** 20 }

/** So many refusals are told in one answer; beyond them the stream is given up. */
const maxRefused = 10_000

/** What is wrong with one document alone: the others of the same request go on. */
const ofOneDocument: ReadonlySet<ErrorCode> = new Set([
  'bad-request',
  'forbidden',
  'not-found',
  'too-large',
  'conflict',
  'store-corrupt',
  'rate-limited',
])

/**
 * `POST …/bulk/put`: a stream of bulk frames through the same door as sockets [LOG-4]; each document has an outcome of
 * its own, and all that was taken is on disk when it answers. A stream that is cut answers nothing, and may be sent
 * again: putting twice changes nothing. `POST …/bulk/read`: documents as bulk frames, in the order asked for; a damaged
 * one says that it is.
 */
export function bulkRoutes(deps: HttpDeps): Hono<Env> {
  const { documents, updates, access, settings } = deps
  const find = (name: string): DocRef => {
    const address = parseDocName(name)
    const isHere = address?.workspaceId === deps.workspace.id && address.epoch === deps.workspace.epoch
    const doc = isHere ? address.doc : parseDocPath(name)
    if (!doc) throw new TandemError('not-found', { reason: 'there is no such document', name: name.slice(0, 200) })
    return doc
  }
  const putOne = createBulkPut(deps)

  const put = async (
    frames: AsyncIterable<BulkFrame>,
    who: () => Claims,
    { mode, task }: BulkPut,
  ): Promise<BulkPutAnswer> => {
    const answer: BulkPutAnswer = { created: 0, updated: 0, existing: [], refused: [], seq: 0 }
    let room = settings.maxDocs - updates.names('').length
    let waiting: Promise<void>[] = []
    const take = async ({ doc: name, update }: BulkFrame) => {
      const doc = find(name)
      const claims = who()
      if (!access.mayWrite(doc, claims, () => false))
        throw new TandemError('forbidden', { reason: 'this document is not yours to write', name })
      if (!update) throw new TandemError('bad-request', { reason: 'a document without content', name })
      const meta = { author: claims.principal, origin: 'bulk' as const, ...(task !== undefined && { cause: { task } }) }
      const { outcome, durable } = await putOne(doc, update, meta, { mode, room })
      if (outcome === 'existing') answer.existing.push(name)
      else answer[outcome] += 1
      if (outcome === 'created') room -= 1
      if (durable) waiting.push(durable)
    }
    for await (const frame of frames) {
      try {
        await take(frame)
      } catch (e) {
        if (!isTandemError(e) || !ofOneDocument.has(e.code)) throw e
        answer.refused.push({ doc: frame.doc.slice(0, 400), code: e.code, message: e.message })
      }
      // The answer names each of them: a stream of nothing else must not fill our memory.
      if (answer.refused.length > maxRefused || answer.existing.length > settings.maxDocs)
        throw new TandemError('too-large', { reason: 'too much of this stream is refused, or there already' })
      if (waiting.length < waveSize) continue
      await Promise.all(waiting)
      waiting = []
    }
    await Promise.all(waiting)
    return { ...answer, seq: updates.head() }
  }

  async function* read(docs: readonly (readonly [string, DocRef])[]): AsyncGenerator<Uint8Array> {
    let piece: Uint8Array[] = []
    let size = 0
    const frames = ahead(docs, ([name, doc]) => frameOf(name, doc), { ...window, sizeOf: ([, doc]) => sizeOf(doc) })
    for await (const read of frames) {
      const frame = encodeBulkFrame(read)
      piece.push(frame)
      size += frame.length
      if (size < pieceBytes) continue
      yield joined(piece)
      ;[piece, size] = [[], 0]
    }
    yield joined(piece)
  }
  const sizeOf = (doc: DocRef): number => {
    const stat = updates.stat(docPath(doc))
    return stat ? stat.snapshotBytes + stat.tailBytes : 0
  }
  /** One damaged document does not make the others unreadable [LOG-28]. */
  const frameOf = async (name: string, doc: DocRef): Promise<BulkFrame> => {
    try {
      const update = await documents.read(doc)
      // Who reads it takes it for kept. While the store fails it is shown all the same.
      await updates.pending(docPath(doc))?.catch(() => {})
      return update ? { doc: name, update } : { doc: name }
    } catch (e) {
      if (!isTandemError(e, 'store-corrupt')) throw e
      return { doc: name, damaged: true }
    }
  }

  return new Hono<Env>()
    .post(
      '/put',
      describe({
        tag: 'Documents',
        summary: 'Put or change many documents at once',
        more: 'The body is a stream of frames (see shared/src/protocol/frames.ts): the name of a document and a Yjs update. Each document has an outcome of its own. All that was taken is on disk when this answers; what is sent twice changes nothing.',
        query: BulkPut,
        body: 'bytes',
        answers: { 200: BulkPutAnswer },
        errors: ['store-failed'],
      }),
      requireRole(deps, 'editor'),
      async (c) => {
        const body = c.req.raw.body
        if (!body) throw new TandemError('bad-request', { reason: 'the body is empty' })
        const how = readValue(c.req.query(), BulkPut)
        const { caller } = c.var
        // A stream may take minutes: what each document may is looked up when it comes.
        const who = () => {
          if (!caller.daemon) return claimsOf(deps.workspace, { ...caller, ...access.of(caller.via) })
          if (!deps.lease.holds(caller.principal)) throw new TandemError('workspace-served')
          return access.refresh(caller.via, claimsOf(deps.workspace, caller))
        }
        return c.json(await put(bulkFrames(body), who, how))
      },
    )
    .post(
      '/read',
      describe({
        tag: 'Documents',
        summary: 'Read many documents at once',
        more: 'Answers frames in the order asked for: the name, and the whole document as one Yjs update. One that the server does not have comes without an update, one that it cannot read says that it is damaged.',
        body: BulkRead,
        answers: { 200: 'bytes' },
        errors: ['not-found', 'forbidden'],
      }),
      requireRole(deps, 'viewer'),
      async (c) => {
        const { docs } = await readBody(c, BulkRead)
        const claims = claimsOf(deps.workspace, c.var.caller)
        const found = docs.map((name) => {
          const doc = find(name)
          if (mayRead(doc, claims)) return [name, doc] as const
          throw new TandemError('forbidden', { reason: 'this document is not yours to read', name })
        })
        return c.body(
          streamOf(read(found), (piece) => piece),
          200,
          { 'content-type': 'application/octet-stream' },
        )
      },
    )
}
