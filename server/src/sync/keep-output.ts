import type { Document } from '@hocuspocus/server'
import type { Log } from '@tandem/shared'
import * as Y from 'yjs'
import type { UpdateLog } from '../store/log.ts'
import type { AppendMeta } from '../store/store.ts'
import { watchPending } from './pending.ts'
import { writersIn } from './writers.ts'

/**
 * The live log of a task changes wholly with each megabyte, and goes when the task has ended: a snapshot of it for every
 * few of its chunks would cost several times what the log does.
 */
const snapshotBytes = 8 * 2 ** 20

/** Of more than this the window is written as it then is, and not all that went through it. */
const fewBytes = 64 * 2 ** 10

type Deps = {
  document: Document
  doc: string
  updates: Pick<UpdateLog, 'append' | 'appendSoon'>
  metaOf(origin: unknown): AppendMeta
  log: Log
}

/**
 * Keeps the live log of a task: a window of an output that its daemon has on disk. While much comes, what has left the
 * window again is never written; and whoever writes is not told of it, as for each other document.
 */
export function keepOutput({ document, doc, updates, metaOf, log }: Deps): void {
  const state = () => Y.encodeStateAsUpdate(document)
  const isTime = createEvery(snapshotBytes)
  let written = Y.encodeStateVector(document)
  const writers = new Set<number>()
  const came = createFew()
  document.on('update', (update: Uint8Array, origin: unknown, _doc: Y.Doc, transaction: Y.Transaction) => {
    for (const client of writersIn(transaction)) writers.add(client)
    came.add(update)
    const meta = metaOf(origin)
    updates.appendSoon(doc, () => {
      const update = came.take() ?? Y.encodeStateAsUpdate(document, written)
      const clients = [...writers]
      written = Y.encodeStateVector(document)
      writers.clear()
      return [doc, update, meta, isTime(update.length) ? state : undefined, clients]
    })
  })
  watchPending(document, (update, origin) => void updates.append(doc, update, metaOf(origin)), log.with({ doc }))
  // Nobody but its daemon may write it, which has what it wrote: to hear all of it again costs both as much as to say it.
  document.flushDelay = false
  document.getConnections = () => [...document.connections.keys()].filter(({ readOnly }) => readOnly)
}

/** What came, in one, where it is little: a document with much behind it then costs no more than that. */
function createFew() {
  let updates: Uint8Array[] = []
  let bytes = 0
  return {
    add: (update: Uint8Array): void => {
      bytes += update.length
      if (bytes <= fewBytes) updates.push(update)
      else updates = []
    },
    take: (): Uint8Array | undefined => {
      const few = bytes <= fewBytes ? Y.mergeUpdates(updates) : undefined
      updates = []
      bytes = 0
      return few
    },
  }
}

/** True once so many bytes have gone by since the last time, and then anew. */
function createEvery(bytes: number): (more: number) => boolean {
  let since = 0
  return (more) => {
    since += more
    if (since < bytes) return false
    since = 0
    return true
  }
}
