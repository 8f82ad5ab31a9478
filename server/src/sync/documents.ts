import type { Connection, Document, Hocuspocus } from '@hocuspocus/server'
import {
  TandemError,
  isTandemError,
  docName,
  docPath,
  parseDocPath,
  type DocPlace,
  type DocRef,
  type Id,
  type Log,
  type Settings,
} from '@tandem/shared'
import { draftDoc } from '@tandem/shared/docs'
import * as Y from 'yjs'
import type { UpdateLog } from '../store/log.ts'
import type { AppendMeta } from '../store/store.ts'
import type { Context } from './doors.ts'
import { localOrigin } from './hocuspocus.ts'
import { createPens } from './pens.ts'

/** A loaded document, for a wrapper of `shared/docs` to open. */
export type HeldDoc = Y.Doc

/** Documents as the rest of the server sees them: whether loaded or not, by one door. */
export type Documents = {
  /** Keeps a document loaded until released. */
  hold(doc: DocRef): Promise<{ doc: HeldDoc; release(): void }>
  /** A change by the server itself: one transaction on the loaded document; resolves once it is on disk. */
  change<T>(doc: DocRef, meta: AppendMeta, work: (doc: Y.Doc) => T): Promise<T>
  /** One transaction on each of several documents at once, inside one synchronous step; resolves once all are on disk. */
  changeTogether(docs: readonly DocRef[], meta: AppendMeta, work: () => void): Promise<void>
  /**
   * One transaction on each of however many documents, inside one synchronous step; resolves once all are on disk.
   * `plan` sees them as they stand and says what to do with each; where it throws, nothing is done.
   */
  changeEach(
    docs: readonly DocRef[],
    meta: AppendMeta,
    plan: (docs: readonly HeldDoc[]) => readonly (() => void)[],
  ): Promise<void>
  /** A look at the document as it stands; `look` gets a copy of its own. Undefined where there is none. */
  peek<T>(doc: DocRef, look: (doc: HeldDoc) => T): Promise<T | undefined>
  /** Applies an update, to the loaded document or straight to the log. Throws `bad-request`, `too-large`. */
  apply(
    doc: DocRef,
    update: Uint8Array,
    meta: AppendMeta,
    opts?: { onlyIfAbsent?: boolean },
  ): Promise<{ seq: number; created: boolean }>
  /** As `apply`, without waiting for the disk: `durable` says when. */
  put(
    doc: DocRef,
    update: Uint8Array,
    meta: AppendMeta,
    opts?: { onlyIfAbsent?: boolean },
  ): Promise<{ seq: number; created: boolean; durable: Promise<void> | undefined }>
  /** Forgets a document that nobody has open; false where somebody has. */
  drop(doc: DocRef): Promise<boolean>
  /** The whole document as one update; undefined where there is none. */
  read(doc: DocRef): Promise<Uint8Array | undefined>
  durable(doc: DocRef): Promise<void>
  exists(doc: DocRef): Promise<boolean>
  /** Names (`docPath`) of the documents that start so. */
  names(prefix: string): Promise<string[]>
  /** The same, parsed. */
  refs(prefix: string): Promise<DocRef[]>
  /** After each append, any source, once it is on disk. */
  onAppend(listen: (e: { seq: number; doc: DocRef; author: Id }) => void): () => void
  /** Stateless payload to everyone on that document. */
  broadcast(doc: DocRef, payload: string): void
  /** Stateless payload to one principal on that document. */
  tell(doc: DocRef, principal: Id, payload: string): void
}

type Deps = {
  engine: Hocuspocus<Context>
  updates: UpdateLog
  place: DocPlace
  settings: Pick<Settings, 'maxDocBytes'>
  log: Log
}

export function createDocuments({ engine, updates, place, settings, log }: Deps): Documents {
  const nameOf = (doc: DocRef) => docName(place, doc)

  const hold = async (doc: DocRef): Promise<{ doc: Document; release(): void }> => {
    const name = nameOf(doc)
    for (;;) {
      const document = await load(engine, name)
      // It may have been unloaded in the very moment in which we asked for it.
      if (engine.documents.get(name) !== document) continue
      document.addDirectConnection()
      let held = true
      return {
        doc: document,
        release: () => {
          if (held) document.removeDirectConnection()
          held = false
        },
      }
    }
  }

  const asAuthor = createPens()
  const write = <T>(doc: Y.Doc, meta: AppendMeta, work: () => T): T =>
    asAuthor(doc, meta, () => doc.transact(work, localOrigin(meta)))

  /** Throws while the store fails; where it is slow, waits for it [LOG-41]. */
  const requireWritable = async (): Promise<void> => {
    for (let room; (room = updates.backlog.room());) await room
    const failure = updates.failure()
    if (failure) throw failure
  }

  const put: Documents['put'] = async (doc, update, meta, { onlyIfAbsent = false } = {}) => {
    const path = docPath(doc)
    await requireWritable()
    requireReadable(update)
    if (update.length > settings.maxDocBytes) {
      throw new TandemError('too-large', {
        reason: 'the document is too large',
        doc: path,
        bytes: update.length,
        limit: settings.maxDocBytes,
      })
    }
    // While it is being loaded, what the log gets now could miss the loaded copy.
    // Another load may begin in the very step in which the first ends: from the last look on nothing is awaited.
    for (let loading; (loading = engine.loadingDocuments.get(nameOf(doc)));) await loading
    const stat = updates.stat(path)
    if (stat && onlyIfAbsent) return { seq: stat.seq, created: false, durable: updates.pending(path) }
    const loaded = engine.documents.get(nameOf(doc))
    if (loaded) Y.applyUpdate(loaded, update, localOrigin(meta))
    else updates.append(path, update, meta)
    return { seq: updates.stat(path)?.seq ?? 0, created: stat === undefined, durable: updates.pending(path) }
  }

  /** A change that is made is not taken back: where the disk fails under it, that is what its maker is told. */
  const onDisk = async (path: string): Promise<void> => {
    try {
      await updates.pending(path)
    } catch (e) {
      if (!isTandemError(e)) throw e
      const reason = `the change is made, and will be on disk once the server can write again: ${e.message}`
      throw new TandemError(e.code, { reason }, e)
    }
  }

  const read: Documents['read'] = async (doc) => {
    const loaded = engine.documents.get(nameOf(doc))
    if (loaded && updates.stat(docPath(doc))) return Y.encodeStateAsUpdate(loaded)
    return updates.load(docPath(doc))
  }

  /** `work` in one synchronous step on all of them; resolves once that is on disk. */
  const withAll = async (docs: readonly DocRef[], work: (held: readonly Y.Doc[]) => void): Promise<void> => {
    const holds = await Promise.allSettled(docs.map(hold))
    const held = holds.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    try {
      for (const each of holds) if (each.status === 'rejected') throw each.reason
      await requireWritable()
      work(held.map(({ doc }) => doc))
      await Promise.all(docs.map((doc) => onDisk(docPath(doc))))
    } finally {
      for (const { release } of held) release()
    }
  }

  return {
    hold,
    put,
    change: async (doc, meta, work) => {
      const held = await hold(doc)
      try {
        await requireWritable()
        const result = write(held.doc, meta, () => work(held.doc))
        await onDisk(docPath(doc))
        return result
      } finally {
        held.release()
      }
    },
    changeTogether: (docs, meta, work) =>
      withAll(docs, (held) => {
        const within = (inner: () => void, doc: Y.Doc) => () => write(doc, meta, inner)
        held.reduceRight(within, work)()
      }),
    changeEach: (docs, meta, plan) =>
      withAll(docs, (held) => {
        // One after the other: nested, thousands of transactions would be more than the stack holds.
        for (const [i, work] of plan(held).entries()) {
          const doc = held[i]
          if (doc) write(doc, meta, work)
        }
      }),
    peek: async (doc, look) => {
      const update = await read(doc)
      if (!update) return undefined
      const copy = draftDoc()
      Y.applyUpdate(copy, update)
      return look(copy)
    },
    apply: async (doc, update, meta, opts) => {
      const { seq, created, durable } = await put(doc, update, meta, opts)
      await durable
      return { seq, created }
    },
    drop: (doc) => {
      const name = nameOf(doc)
      return updates.drop(docPath(doc), () => !engine.documents.has(name) && !engine.loadingDocuments.has(name))
    },
    read,
    durable: async (doc) => updates.pending(docPath(doc)),
    exists: async (doc) => updates.stat(docPath(doc)) !== undefined,
    names: async (prefix) => updates.names(prefix),
    refs: async (prefix) => updates.names(prefix).flatMap((name) => parseDocPath(name) ?? []),
    onAppend: (listen) =>
      updates.onAppend(({ seq, doc, author }) => {
        const ref = parseDocPath(doc)
        if (ref) listen({ seq, doc: ref, author })
        else log.error('unknown document in the log', { doc, seq })
      }),
    broadcast: (doc, payload) => engine.documents.get(nameOf(doc))?.broadcastStateless(payload),
    tell: (doc, principal, payload) =>
      engine.documents
        .get(nameOf(doc))
        ?.broadcastStateless(
          payload,
          (c) => (c as Connection<Context>).context.socket.who?.claims.principal === principal,
        ),
  }
}

const load = (engine: Hocuspocus<Context>, name: string): Promise<Document> =>
  engine.createDocument(name, new Request('http://server.invalid'), 'server', {
    isAuthenticated: true,
    readOnly: false,
  })

function requireReadable(update: Uint8Array): void {
  try {
    Y.decodeUpdate(update)
  } catch (e) {
    throw new TandemError('bad-request', { reason: 'the update cannot be read' }, e)
  }
}
