import { hash } from 'node:crypto'
import type { Id } from '@tandem/shared'
import * as Y from 'yjs'

/**
 * Under which Yjs client ids this session writes: one for what is found on the disk, one for what a task did to it. Made
 * anew for each session, so that no two replicas ever write under one.
 */
export type Writers = {
  /** A task's process starts; the call that is returned says that everything it changed is shared. */
  begin(task: Id): () => void
  /** What caused a change that is found now: the one task that runs. While several do, nobody knows. */
  cause(): Id | undefined
  /** The id of whoever writes new documents: each is made whole by it, and never written by it again. */
  seeding(task: Id | undefined): number
  /**
   * Where another mirror may find the same change at the same time: names the id of an update by what it inserts, the
   * same for everybody who makes it. Undefined where nobody else has the workspace in a folder.
   */
  alike(path: string, task: Id | undefined): ((inserted: Uint8Array) => number) | undefined
  /** Has the next change of this copy of a document made under the right id. */
  takeUp(path: string, doc: Y.Doc, task: Id | undefined): void
  /** Notes how far that id has come in the document. */
  wrote(path: string, doc: Y.Doc): void
  /** Says again which ids are for which task: what was said may have been lost with a connection. */
  declareAgain(): void
}

/** So many tasks are named again after a lost connection. */
const remembered = 16

/**
 * `declare` tells the server that these ids are ours, and for which task; it may be lost. `hasOthers` says whether other
 * mirrors share the workspace now, or did a while ago.
 */
export function createWriters(declare: (clients: number[], task: Id) => void, hasOthers: () => boolean): Writers {
  const running = new Set<{ task: Id }>()
  const idsByTask = new Map<Id | undefined, { seeding: number; editing: number }>()
  const reached = new Map<string, number>()
  const tell = (task: Id | undefined) => {
    const ids = idsByTask.get(task)
    if (task !== undefined && ids) declare([ids.seeding, ids.editing], task)
  }
  const idsOf = (task: Id | undefined) => {
    const known = idsByTask.get(task)
    if (known) return known
    const ids = { seeding: newId(), editing: newId() }
    idsByTask.set(task, ids)
    tell(task)
    return ids
  }
  return {
    begin: (task) => {
      const run = { task }
      running.add(run)
      return () => running.delete(run)
    },
    cause: () => {
      const [only, another] = new Set([...running].map(({ task }) => task))
      return another === undefined ? only : undefined
    },
    seeding: (task) => idsOf(task).seeding,
    alike: (path, task) => {
      if (!hasOthers()) return undefined
      return (inserted) => {
        const id = idOfContent(path, inserted)
        if (task !== undefined) declare([id], task)
        return id
      }
    },
    takeUp: (path, doc, task) => {
      const ids = idsOf(task)
      // A copy that lacks some of what this id wrote (the server went back to a backup, or our change is still on its
      // way here) would write it a second time, otherwise: two changes under one number, and texts that never agree.
      if ((reached.get(`${ids.editing} ${path}`) ?? 0) > Y.getState(doc.store, ids.editing)) {
        ids.editing = newId()
        tell(task)
      }
      doc.clientID = ids.editing
    },
    wrote: (path, doc) => {
      reached.set(`${doc.clientID} ${path}`, Y.getState(doc.store, doc.clientID))
    },
    declareAgain: () => {
      for (const task of [...idsByTask.keys()].slice(-remembered)) tell(task)
    },
  }
}

/** The upper half of what 53 bits hold: none that Yjs or we draw at random is there, and two contents hardly meet. */
const idOfContent = (path: string, inserted: Uint8Array): number => {
  const digest = Buffer.from(hash('sha256', Buffer.concat([Buffer.from(`${path}\0`), inserted]), 'hex'), 'hex')
  return 2 ** 52 + digest.readUIntBE(0, 6) * 16 + (digest.readUInt8(6) >> 4)
}

const newId = (): number => crypto.getRandomValues(new Uint32Array(1))[0] ?? 1
