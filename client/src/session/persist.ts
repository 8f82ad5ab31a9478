import type { Log } from '@tandem/shared'
import { openDB, type DBSchema, type IDBPDatabase } from 'idb'
import * as Y from 'yjs'
import { createState } from './state.ts'

/** A document with more stored updates than this is folded into one when it is next loaded or has grown by as many. */
const foldAfter = 128

interface Shape extends DBSchema {
  /** Every update of every document, in order of arrival. */
  updates: { key: number; value: Stored; indexes: { doc: string } }
  /** Our own updates that the server has not acknowledged: only when none is left may the page say "Synced". */
  outbox: { key: number; value: Stored; indexes: { doc: string } }
}
type Stored = { doc: string; update: Uint8Array }

export type StorageState = {
  /** Own updates of this browser, of all its tabs, that the server may lack. */
  waiting: number
  /** Why nothing can be kept on this device, where it cannot. */
  failure: string | undefined
}

export type Persist = {
  state: { snapshot(): StorageState; subscribe(wake: () => void): () => void }
  /** The stored content as one update, and the keys of its unacknowledged part; undefined where there is none. */
  load(doc: string): Promise<{ update: Uint8Array; waiting: readonly number[] } | undefined>
  /** Keeps an update of the server or of another tab. */
  keep(doc: string, update: Uint8Array): void
  /** Keeps an own update until it is acknowledged; resolves with its outbox key. */
  keepOwn(doc: string, update: Uint8Array): Promise<number | undefined>
  /** The server has these on disk. */
  acknowledge(keys: readonly number[]): void
  /** Documents with unacknowledged updates, and those updates. */
  outbox(): Promise<ReadonlyMap<string, { update: Uint8Array; keys: readonly number[] }>>
  /** Throws away what is kept of all documents whose path begins so; what the server may lack stays. */
  forget(prefix: string): Promise<void>
  /** Counts again: another tab wrote. */
  recount(): void
  /** Throws everything away, once it was rescued or is known to be elsewhere. */
  destroy(): Promise<void>
  close(): void
}

/** The database's name: one a workspace and epoch, so that two histories never meet. */
export const databaseName = (workspaceId: string, epoch: string) => `tandem/${workspaceId}/${epoch}`

/**
 * One IndexedDB database for all documents. Nothing here throws: a browser that refuses storage (private mode, no
 * space) shows in `state.failure`, and the page works on in memory.
 */
export function openPersist(name: string, log: Log): Persist {
  const state = createState<StorageState>({ waiting: 0, failure: undefined })
  const grown = new Map<string, number>()
  let closed = false

  // Some browsers refuse by throwing at once instead of later.
  const opening = (async () =>
    openDB<Shape>(name, 1, {
      upgrade: (db) => {
        for (const store of ['updates', 'outbox'] as const) {
          db.createObjectStore(store, { autoIncrement: true }).createIndex('doc', 'doc')
        }
      },
      blocking: () => void opening.then((db) => db.close()),
      terminated: () => fail(new Error('the browser closed the storage')),
    }))()
  const fail = (e: unknown) => {
    if (closed) return
    log.error('cannot keep on this device', { error: e })
    state.patch({ failure: sentenceOf(e) })
  }
  /** Runs `work`; a failure is shown and answered with undefined. */
  const attempt = async <T>(work: (db: IDBPDatabase<Shape>) => Promise<T>): Promise<T | undefined> => {
    try {
      const result = await work(await opening)
      state.patch({ failure: undefined })
      return result
    } catch (e) {
      fail(e)
      return undefined
    }
  }

  // What comes in one turn goes as one transaction, given to the browser in that same turn and committed without
  // asking back: a page that is left or reloaded a moment later has nothing in its own hands any more.
  type Write = { own: boolean; doc: string; update: Uint8Array; done: (key: number | undefined) => void }
  let writes: Write[] = []
  let underWay = 0
  const pump = async () => {
    underWay++
    await opening.catch(() => {}) // told by `attempt`
    const batch = writes
    writes = []
    const keys = await attempt(async (db) => {
      const tx = db.transaction(['updates', 'outbox'], 'readwrite', { durability: 'relaxed' })
      const puts = batch.map(({ own, doc, update }) => {
        void tx.objectStore('updates').add({ doc, update })
        return own ? tx.objectStore('outbox').add({ doc, update }) : Promise.resolve(undefined)
      })
      tx.commit()
      await tx.done
      return Promise.all(puts)
    })
    batch.forEach((write, i) => write.done(keys?.[i]))
    for (const { doc } of batch) grown.set(doc, (grown.get(doc) ?? 0) + 1)
    for (const doc of new Set(batch.map((w) => w.doc))) if ((grown.get(doc) ?? 0) > foldAfter) void fold(doc)
    underWay--
    recount()
  }
  const write = (own: boolean, doc: string, update: Uint8Array) =>
    new Promise<number | undefined>((done) => {
      writes.push({ own, doc, update, done })
      if (own) state.patch({ waiting: state.snapshot().waiting + 1 })
      if (writes.length === 1) void pump()
    })
  const recount = () => {
    if (underWay === 0 && !closed)
      void attempt((db) => db.count('outbox')).then(
        (n) => n !== undefined && underWay === 0 && state.patch({ waiting: n }),
      )
  }

  /** One row in place of many. Other tabs may add meanwhile: their rows are simply not part of it. */
  const fold = (doc: string) => {
    grown.set(doc, 0)
    return attempt(async (db) => {
      const tx = db.transaction('updates', 'readwrite')
      const [keys, rows] = await Promise.all([tx.store.index('doc').getAllKeys(doc), tx.store.index('doc').getAll(doc)])
      if (rows.length > 1) {
        void tx.store.add({ doc, update: Y.mergeUpdates(rows.map((r) => r.update)) })
        for (const key of keys) void tx.store.delete(key)
      }
      await tx.done
    })
  }
  recount()

  return {
    state,
    load: (doc) =>
      attempt(async (db) => {
        const tx = db.transaction(['updates', 'outbox'])
        const [rows, waiting] = await Promise.all([
          tx.objectStore('updates').index('doc').getAll(doc),
          tx.objectStore('outbox').index('doc').getAllKeys(doc),
        ])
        if (rows.length > foldAfter) void fold(doc)
        return rows.length > 0 ? { update: Y.mergeUpdates(rows.map((r) => r.update)), waiting } : undefined
      }),
    keep: (doc, update) => void write(false, doc, update),
    keepOwn: (doc, update) => write(true, doc, update),
    acknowledge: (keys) => {
      if (keys.length === 0) return
      void attempt(async (db) => {
        const tx = db.transaction('outbox', 'readwrite', { durability: 'relaxed' })
        for (const key of keys) void tx.store.delete(key)
        await tx.done
      }).then(recount)
    },
    outbox: async () => {
      const byDoc = new Map<string, { update: Uint8Array; keys: number[] }>()
      await attempt(async (db) => {
        for (let cursor = await db.transaction('outbox').store.openCursor(); cursor; cursor = await cursor.continue()) {
          const { doc, update } = cursor.value
          const held = byDoc.get(doc)
          byDoc.set(doc, {
            update: held ? Y.mergeUpdates([held.update, update]) : update,
            keys: [...(held?.keys ?? []), cursor.primaryKey],
          })
        }
      })
      return byDoc
    },
    forget: async (prefix) => {
      await attempt(async (db) => {
        const tx = db.transaction('updates', 'readwrite')
        const keys = await tx.store.index('doc').getAllKeys(IDBKeyRange.bound(prefix, `${prefix}\uffff`))
        for (const key of keys) void tx.store.delete(key)
        await tx.done
      })
    },
    recount,
    destroy: async () => {
      closed = true
      await opening.then(
        (db) => db.close(),
        () => {},
      ) // Never opened: nothing to close.
      indexedDB.deleteDatabase(name)
    },
    close: () => {
      closed = true
      void opening.then(
        (db) => db.close(),
        () => {},
      ) // As above.
    },
  }
}

function sentenceOf(e: unknown): string {
  const name = e instanceof DOMException ? e.name : ''
  if (name === 'QuotaExceededError') return 'there is no space left for this site'
  if (name === 'SecurityError' || name === 'InvalidStateError') return 'this browser does not allow storage here'
  return 'this browser refused to store it'
}
