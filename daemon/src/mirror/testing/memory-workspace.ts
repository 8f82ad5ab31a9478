import { hash } from 'node:crypto'
import { TandemError, applyToString, createId, type HunkText, type Id, type TextEdit } from '@tandem/shared'
import {
  applyPrepared,
  cachedView,
  fits,
  includesState,
  openFile,
  openFiles,
  prepareAlike,
  prepareEdits,
  readFileUpdate,
  replayOn,
  seedText,
  stateOf,
  traceEdits,
  type Files,
} from '@tandem/shared/docs'
import * as Y from 'yjs'
import type { Moved, OpenText, ReadText, Workspace } from '../ports.ts'

/** A server in memory with one index and its texts, and any number of daemons' views of it. */
export type MemoryServer = {
  readonly files: Files
  /** What somebody else types: replaces `from` by `to` once. */
  edit(id: Id, from: string, to: string): void
  /** The same at a place of the text as it stands. */
  type(id: Id, edit: TextEdit): void
  /** A file made by somebody else: text first, then entry. */
  create(path: string, text: string): Id
  /** A file of somebody else's that is no text; with an id, its next version. */
  putBlob(path: string, bytes: Uint8Array, id?: Id): Id
  /** The shared bytes of what is no text; undefined where the server does not have them. */
  blob(path: string): Uint8Array | undefined
  /** Loses the bytes, as a restored backup would that is older; or has others in their place. */
  loseBlob(bytes: Uint8Array, instead?: Uint8Array): void
  /** Cuts the next blob on its way after so many bytes. */
  cutBlobAfter(bytes: number): void
  /** How many bytes of blobs went over the wire, either way. */
  blobBytes(): number
  /** A text that no entry names yet. */
  write(id: Id, text: string): void
  text(id: Id): string
  at(path: string): string | undefined
  id(path: string): Id
  /** Every update of every text since the last call, by file. */
  takeUpdates(): Id[]
  /** From now on the server cannot read this text. */
  damage(id: Id): void
  /** Cuts or restores the daemons' connections. */
  online(yes: boolean): void
  /** Puts a text's document back to what it was at `state` of an earlier `save()`. */
  save(id: Id): Uint8Array
  restore(id: Id, saved: Uint8Array): void
  join(history?: string, shared?: boolean): Workspace
}

export function memoryServer(): MemoryServer {
  const index = new Y.Doc()
  const files = openFiles(index)
  const docs = new Map<Id, Y.Doc>()
  const damaged = new Set<Id>()
  const blobs = new Map<string, Uint8Array>()
  const partials = new Map<string, Uint8Array>()
  let [cutAfter, carried] = [Infinity, 0]
  /** What of a piece still comes through. */
  const carry = (piece: Uint8Array) => {
    const through = piece.subarray(0, cutAfter)
    carried += through.length
    cutAfter -= through.length
    return through
  }
  const checkCut = () => {
    if (cutAfter > 0) return
    cutAfter = Infinity
    throw new TandemError('offline')
  }
  /** Hashes of the texts that each document ever had. */
  const past = new Map<Id, Set<string>>()
  const listeners = new Set<(moved: Moved) => void>()
  const replicas = new Set<() => void>()
  let log: Moved[] = []
  let touched: Id[] = []
  let connected = true
  const changed = new Set<() => void>()
  const docOf = (id: Id) => {
    let doc = docs.get(id)
    if (!doc) {
      docs.set(id, (doc = new Y.Doc()))
      watch(id, doc)
    }
    return doc
  }
  const watch = (id: Id, doc: Y.Doc) =>
    doc.on('update', () => {
      touched.push(id)
      past.set(id, (past.get(id) ?? new Set()).add(hash('sha256', openFile(doc).snapshot())))
      const entry = { cursor: `1.${log.length + 1}`, id }
      log.push(entry)
      for (const tell of listeners) if (connected) tell(entry)
    })
  const whenOnline = async (signal: AbortSignal) => {
    while (!connected) {
      if (signal.aborted) throw signal.reason
      await new Promise<void>((resolve) => {
        changed.add(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }

  const join = (history = 'h1', shared = false): Workspace => {
    const daemonId = createId()
    // The daemon's copy of the index, kept in sync while connected.
    const mine = new Y.Doc()
    const sync = () => {
      if (!connected) return
      Y.applyUpdate(mine, Y.encodeStateAsUpdate(index, Y.encodeStateVector(mine)), 'sync')
      Y.applyUpdate(index, Y.encodeStateAsUpdate(mine, Y.encodeStateVector(index)), 'sync')
    }
    sync()
    mine.on('update', (_: Uint8Array, origin: unknown) => origin === 'sync' || sync())
    index.on('update', (_: Uint8Array, origin: unknown) => origin === 'sync' || sync())
    index.on('update', () => queueMicrotask(sync))
    replicas.add(sync)
    const clientId = Math.floor(Math.random() * 2 ** 31)

    const open = async (id: Id, signal: AbortSignal): Promise<OpenText> => {
      // Cut again in that very moment, it would be empty instead of in sync.
      do await whenOnline(signal)
      while (!connected)
      if (damaged.has(id)) throw new TandemError('store-corrupt')
      const server = docOf(id)
      const doc = new Y.Doc()
      const pull = () => {
        if (connected && docs.get(id) === server)
          Y.applyUpdate(doc, Y.encodeStateAsUpdate(server, Y.encodeStateVector(doc)), 'server')
      }
      const push = () => {
        if (connected) Y.applyUpdate(server, Y.encodeStateAsUpdate(doc, Y.encodeStateVector(server)), doc)
      }
      pull()
      const calls = new Set<() => void>()
      const onServer = (_: Uint8Array, origin: unknown) => {
        // The echo of what this very copy sent.
        if (origin === doc) return
        pull()
        for (const call of calls) call()
      }
      const onReturn = () => {
        push()
        pull()
        for (const call of calls) call()
      }
      server.on('update', onServer)
      replicas.add(onReturn)
      return {
        read: () => ({
          text: openFile(doc).snapshot(),
          state: stateOf(doc),
          includes: (state) => includesState(doc, state),
        }),
        prepare: (edits) =>
          (shared ? prepareAlike(doc, edits, 'disk', idOf) : undefined) ?? prepareEdits(doc, edits, 'disk'),
        apply: (update) => {
          applyPrepared(doc, update, 'disk')
          push()
        },
        replay: (update) => {
          if (!fits(doc, update)) return false
          Y.applyUpdate(doc, update, 'disk')
          push()
          return true
        },
        durable: async (s) => whenOnline(s),
        onRemoteChange: (call) => (calls.add(call), () => calls.delete(call)),
        close: () => {
          server.off('update', onServer)
          replicas.delete(onReturn)
        },
      }
    }
    return {
      daemonId,
      history,
      files: openFiles(mine),
      ready: cachedView(
        () => connected,
        (call) => changed.add(call),
      ),
      indexDurable: whenOnline,
      open,
      read: async (ids, signal) => {
        await whenOnline(signal)
        return new Map(
          ids
            .filter((id) => !damaged.has(id))
            .map((id) => [id, readWhole(docs.has(id) ? Y.encodeStateAsUpdate(docOf(id)) : undefined, shared)]),
        )
      },
      holds: () => false,
      blobs: {
        put: async ({ hash: name, size }, readAt, signal) => {
          await whenOnline(signal)
          let bytes = partials.get(name) ?? new Uint8Array()
          while (!blobs.has(name) && bytes.length < size) {
            bytes = Buffer.concat([bytes, carry(await readAt(bytes.length, 256 * 1024))])
            partials.set(name, bytes)
            checkCut()
          }
          if (blobs.has(name)) return
          partials.delete(name)
          if (hash('sha256', bytes) !== name) throw new TandemError('validation-failed', { reason: 'another hash' })
          blobs.set(name, bytes)
        },
        get: async function* (name, from, signal) {
          await whenOnline(signal)
          const bytes = blobs.get(name)
          if (!bytes) throw new TandemError('not-found')
          for (let at = from; at < bytes.length; at += 256 * 1024) {
            yield carry(bytes.subarray(at, at + 256 * 1024))
            checkCut()
          }
        },
      },
      wasEver: async (texts) =>
        new Set(texts.flatMap(({ id, text }) => (past.get(id)?.has(hash('sha256', text)) ? [id] : []))),
      cause: () => undefined,
      change: async (changes, _task, signal) => {
        await whenOnline(signal)
        for (const { id, update } of changes) Y.applyUpdate(docOf(id), update, 'bulk')
        return new Set()
      },
      seed: async (texts, _task, signal) => {
        await whenOnline(signal)
        return new Map(
          texts.map(({ id, text }) => {
            const { update, state } = seedText(text, clientId)
            Y.applyUpdate(docOf(id), update, 'seed')
            return [id, state]
          }),
        )
      },
      feed: async function* (since, signal) {
        const queue = log.slice(Number(since?.split('.')[1] ?? 0))
        let wake = () => {}
        const tell = (moved: Moved) => {
          queue.push(moved)
          wake()
        }
        listeners.add(tell)
        signal.addEventListener('abort', () => wake(), { once: true })
        while (!signal.aborted) {
          const next = queue.shift()
          if (next) yield next
          else await new Promise<void>((resolve) => (wake = resolve))
        }
        listeners.delete(tell)
      },
      movedSince: async (since) => log.slice(Number(since?.split('.')[1] ?? 0)),
    }
  }

  const textOf = (id: Id) => openFile(docOf(id))
  return {
    files,
    edit: (id, from, to) => {
      const text = textOf(id).snapshot()
      const at = text.indexOf(from)
      if (at < 0) throw new Error(`no ${JSON.stringify(from)} in ${JSON.stringify(text)}`)
      textOf(id).edit([{ at, del: from.length, ins: to }], 'somebody')
      if (!applyToString(text, []).includes(from)) throw new Error('unreachable')
    },
    type: (id, edit) => textOf(id).edit([edit], 'somebody'),
    create: (path, text) => {
      const id = createId()
      if (text !== '') textOf(id).edit([{ at: 0, del: 0, ins: text }], 'somebody')
      files.create(path, 'text', undefined, id)
      return id
    },
    putBlob: (path, bytes, id) => {
      const name = hash('sha256', bytes)
      blobs.set(name, bytes)
      const facts = { exec: false, eol: 'lf' as const, bom: false, ...(id && files.get(id)?.facts) }
      const next = { ...facts, size: bytes.length, blob: name }
      if (id === undefined) return files.create(path, 'blob', next)
      files.setFacts(id, next)
      return id
    },
    blob: (path) => blobs.get(files.snapshot().byPath.get(path)?.facts?.blob ?? ''),
    loseBlob: (bytes, instead) => {
      if (instead) blobs.set(hash('sha256', bytes), instead)
      else blobs.delete(hash('sha256', bytes))
    },
    cutBlobAfter: (bytes) => void (cutAfter = bytes),
    blobBytes: () => carried,
    write: (id, text) => textOf(id).edit([{ at: 0, del: 0, ins: text }], 'somebody'),
    text: (id) => textOf(id).snapshot(),
    at: (path) => {
      const entry = files.snapshot().byPath.get(path)
      return entry && textOf(entry.id).snapshot()
    },
    id: (path) => {
      const entry = files.snapshot().byPath.get(path)
      if (!entry) throw new Error(`no ${path}`)
      return entry.id
    },
    takeUpdates: () => {
      const was = touched
      touched = []
      return was
    },
    damage: (id) => void damaged.add(id),
    online: (yes) => {
      connected = yes
      const calls = [...changed]
      if (yes) for (const sync of replicas) sync()
      // Anything not told while cut is told now.
      if (yes) for (const tell of listeners) for (const entry of log.slice(-1000)) tell(entry)
      for (const call of calls) call()
    },
    save: (id) => Y.encodeStateAsUpdate(docOf(id)),
    restore: (id, saved) => {
      const doc = new Y.Doc()
      docs.set(id, doc)
      Y.applyUpdate(doc, saved)
      watch(id, doc)
      log = [...log, { cursor: `1.${log.length + 1}`, id }]
      for (const tell of listeners) tell(log.at(-1) as Moved)
    },
    join,
  }
}

/** As the link reads one. */
function readWhole(whole: Uint8Array | undefined, shared: boolean): ReadText {
  return {
    ...readFileUpdate(whole),
    replay: (update) => replayOn(whole, update),
    prepare: (edits, _task, isTraced = false) => {
      const doc = new Y.Doc()
      if (whole) Y.applyUpdate(doc, whole)
      const before = Y.encodeStateVector(doc)
      const alike = shared ? prepareAlike(doc, edits, 'disk', idOf) : undefined
      let hunks: HunkText[] | undefined
      if (alike) Y.applyUpdate(doc, alike)
      else if (isTraced) hunks = traceEdits(doc.getText('content'), edits, 'disk')
      else openFile(doc).edit(edits, 'disk')
      return { ...(hunks && { hunks }), update: Y.encodeStateAsUpdate(doc, before), state: stateOf(doc) }
    },
  }
}

/** As the link makes one of what is inserted. */
const idOf = (inserted: Uint8Array) => 2 ** 52 + Number.parseInt(hash('sha256', inserted).slice(0, 12), 16)
