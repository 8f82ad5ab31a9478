import {
  TandemError,
  bulkFrames,
  encodeBulkFrame,
  isTandemError,
  mayRead,
  mayWrite,
  parseDocName,
  parseDocPath,
  type BulkFrame,
  type Claims,
  type DocRef,
} from '@tandem/shared'
import { Hono } from 'hono'
import { z } from 'zod'
import { claimsOf } from './claims.ts'
import type { Env, HttpDeps } from './deps.ts'
import { readBody } from './problem.ts'
import { streamOf } from './stream.ts'
import { requireRole } from './who.ts'

const ReadRequest = z.object({ docs: z.array(z.string().max(400)).max(20_000) })

/** What `POST …/bulk/put` answers. */
export type BulkPutAnswer = { created: number; existing: string[]; seq: number }

/** At most so many appended documents wait for the disk, so that a large seeding is not gathered in memory. */
const waveSize = 256

/**
 * `POST …/bulk/put`: a stream of bulk frames, each put if absent [LOG-4]; answers when all are on disk, naming those
 * that were there already. `POST …/bulk/read` with `{docs}`: the documents as bulk frames, in that order;
 * a damaged one says that it is.
 */
export function bulkRoutes(deps: HttpDeps): Hono<Env> {
  const { documents, updates } = deps
  const find = (name: string): DocRef => {
    const address = parseDocName(name)
    const isHere = address?.workspaceId === deps.workspace.id && address.epoch === deps.workspace.epoch
    const doc = isHere ? address.doc : parseDocPath(name)
    if (!doc) throw new TandemError('not-found', { reason: 'there is no such document', name })
    return doc
  }

  const put = async (frames: AsyncIterable<BulkFrame>, claims: Claims): Promise<BulkPutAnswer> => {
    const existing: string[] = []
    let created = 0
    let waiting: Promise<void>[] = []
    for await (const { doc: name, update } of frames) {
      const doc = find(name)
      if (!mayWrite(doc, claims, () => false))
        throw new TandemError('forbidden', { reason: 'this document is not yours to write', name })
      if (!update) throw new TandemError('bad-request', { reason: 'a document without content', name })
      const done = await documents.put(
        doc,
        update,
        { author: claims.principal, origin: 'bulk' },
        { onlyIfAbsent: true },
      )
      if (done.created) created += 1
      else existing.push(name)
      if (done.durable) waiting.push(done.durable)
      if (waiting.length >= waveSize) {
        await Promise.all(waiting)
        waiting = []
      }
    }
    await Promise.all(waiting)
    return { created, existing, seq: updates.head() }
  }

  async function* read(names: readonly string[], claims: Claims): AsyncGenerator<BulkFrame> {
    for (const name of names) {
      const doc = find(name)
      if (!mayRead(doc, claims))
        throw new TandemError('forbidden', { reason: 'this document is not yours to read', name })
      yield await frameOf(name, doc)
    }
  }
  /** One damaged document does not make the others unreadable [LOG-28]. */
  const frameOf = async (name: string, doc: DocRef): Promise<BulkFrame> => {
    try {
      const update = await documents.read(doc)
      return update ? { doc: name, update } : { doc: name }
    } catch (e) {
      if (!isTandemError(e, 'store-corrupt')) throw e
      return { doc: name, damaged: true }
    }
  }

  return new Hono<Env>()
    .post('/put', requireRole(deps, 'editor'), async (c) => {
      const body = c.req.raw.body
      if (!body) throw new TandemError('bad-request', { reason: 'the body is empty' })
      return c.json(await put(bulkFrames(body), claimsOf(deps.workspace, c.var.caller)))
    })
    .post('/read', requireRole(deps, 'viewer'), async (c) => {
      const { docs } = await readBody(c, ReadRequest)
      docs.forEach(find)
      return c.body(streamOf(read(docs, claimsOf(deps.workspace, c.var.caller)), encodeBulkFrame), 200, {
        'content-type': 'application/octet-stream',
      })
    })
}
