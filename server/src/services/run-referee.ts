import {
  docPath,
  messageOf,
  TandemError,
  type Clock,
  type DocRef,
  type HoldsLease,
  type Id,
  type Log,
  type Settings,
  type Task,
} from '@tandem/shared'
import { openOps, openRequests, openTasks, type Records, type RequestBody } from '@tandem/shared/docs'
import type { z } from 'zod'
import type { Members } from '../auth/members.ts'
import { createReferee, type Referee, type Requester } from '../referee/referee.ts'
import type { Audit } from '../store/audit.ts'
import type { UpdateLog } from '../store/log.ts'
import type { Refusals } from '../store/refusals.ts'
import type { Store } from '../store/store.ts'
import type { Workspace } from '../store/workspace.ts'
import type { Documents } from '../sync/documents.ts'
import { perDoc } from '../sync/per-doc.ts'
import { openArchive } from './archive.ts'
import { createCreations } from './creations.ts'
import { openFolded } from './folded.ts'

/** Of one document at once; a client folds a few, a flood is refused as a whole. */
export const maxAtOnce = 1_000

type Deps = {
  workspace: Workspace
  documents: Documents
  updates: UpdateLog
  store: Pick<Store, 'read' | 'list'>
  members: Members
  audit: Audit
  refusals: Refusals
  settings: Settings
  clock: Clock
  log: Log
}

/** The referee with its documents, fed from everyone's requests. */
export type RefereeService = {
  referee: Referee
  holdsLease: HoldsLease
  tasks: Records<Task>
  /**
   * Asks in someone's name, as their own client would: an entry in their requests document. Resolves once it is done;
   * throws `conflict` with the referee's words where it is refused.
   */
  ask(by: Requester, session: Id, body: z.input<typeof RequestBody>): Promise<Id>
  /** Shows everyone who the members are, where that is news. */
  showMembers(): Promise<void>
  /** Calls back when a task has ended, well or not, and that is on disk; what it returns stops that. */
  onTaskEnd(ended: (task: Task) => void): () => void
  /** A task that ended so long ago that it is in no document; undefined for any other. */
  archived(id: Id): Promise<Task | undefined>
  /** Tasks that left the document, the newest first. */
  archivedBefore(id?: Id): AsyncIterable<Task>
  /** One of those, that this person or program made with that idempotency key. */
  archivedWith(by: Id, idempotencyKey: string): Promise<Task | undefined>
  /** How long this person or program, with this key, waits until the next task may be created, ms; 0 = now [S143]. */
  creationWaitMs(by: Id, key?: Id): number
  /** Counts one more that was created with a key. */
  countCreation(key: Id): void
  /** Folds what waits and what comes, and watches leases, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

type RequestsRef = Extract<DocRef, { kind: 'requests' }>

export async function openRefereeService(deps: Deps): Promise<RefereeService> {
  const { workspace, documents, updates, store, members, audit, refusals, settings, clock, log } = deps
  const meta = { author: workspace.serverId, origin: 'server' } as const
  const tasksRef: DocRef = { kind: 'tasks', rotation: 0 }
  const opsRef: DocRef = { kind: 'ops' }
  // Held for as long as the server runs: everything asks for them all the time.
  const tasks = openTasks((await documents.hold(tasksRef)).doc)
  const ops = openOps((await documents.hold(opsRef)).doc)

  const creations = createCreations(settings, clock)
  const archive = await openArchive({ store, updates, clock })
  const refuse = (actor: Id, object: string, details: Record<string, unknown>) =>
    refusals.add('request', { actor, object, details })
  /** Requests of `ask` that are being decided, and why those were refused that were. */
  const asked = new Map<string, { refused?: string }>()
  /** Why those were refused that are being folded, for whoever wrote them into their document. */
  const refusedNow = new Map<string, string>()
  const noteRefusal = (id: string, details: unknown) => {
    const waiting = asked.get(id)
    const { reason = 'it was refused' } = (details ?? {}) as { reason?: string }
    if (waiting) waiting.refused = reason
    else refusedNow.set(id, reason)
  }

  const endListeners = new Set<(task: Task) => void>()
  const referee = createReferee({
    tasks,
    archive,
    approvals: ops.approvals,
    answers: ops.answers,
    daemons: ops.daemons,
    commit: (work) => documents.changeTogether([tasksRef, opsRef], meta, work),
    send: (daemonId, message) => documents.tell({ kind: 'daemon', daemonId }, daemonId, JSON.stringify(message)),
    clock,
    mono: () => performance.now(),
    random: Math.random,
    log,
    settings,
    workspaceId: workspace.id,
    audit: (entry) => {
      if (!entry.action.endsWith('.refused')) return audit.add(entry)
      noteRefusal(entry.object, entry.details)
      refuse(entry.actor, entry.object, { action: entry.action, ...(entry.details as object) })
    },
    ended: (task) => {
      for (const tell of endListeners) tell(task)
    },
    whyNotCreate: creations.whyNot,
    ownerOf: (daemonId) => members.get(daemonId)?.owner,
    folded: await openFolded({ store, updates, clock }),
  })

  const requestsIn = perDoc(openRequests)

  const foldOnce = async (ref: RequestsRef): Promise<void> => {
    const held = await documents.hold(ref)
    try {
      const requests = requestsIn(held.doc)
      const written = requests.snapshot()
      if (written.size === 0) return
      const ids = [...written.keys()].toSorted()
      const waiting = new Map([...written].filter(([id]) => id <= (ids[maxAtOnce - 1] ?? id)))
      const beyond = ids.slice(maxAtOnce)
      if (beyond.length > 0)
        refuse(ref.principal, docPath(ref), { reason: 'too many requests at once', times: beyond.length })
      const member = members.get(ref.principal)
      const by = member ?? { id: ref.principal, name: 'unknown', role: 'viewer' as const }
      const done = await referee.fold(by, waiting)
      for (const id of beyond) noteRefusal(id, { reason: 'too many requests at once' })
      const over = [...done, ...beyond]
      const why = new Map<string, string>()
      for (const id of over) {
        const reason = refusedNow.get(id)
        if (reason !== undefined) why.set(id, reason)
      }
      await documents.change(ref, meta, () => requests.drop(over, why, clock.now()))
      for (const id of over) refusedNow.delete(id)
    } finally {
      held.release()
    }
  }
  /** One document is folded by one at a time; what comes meanwhile is folded after. */
  const folding = new Map<string, Promise<void>>()
  const fold = (ref: RequestsRef): Promise<void> => {
    const path = docPath(ref)
    const mine = (folding.get(path) ?? Promise.resolve()).then(() => foldOnce(ref))
    const settled = mine
      .catch((e: unknown) => log.error('requests not folded', { doc: path, error: messageOf(e) }))
      .finally(() => {
        if (folding.get(path) === settled) folding.delete(path)
      })
    folding.set(path, settled)
    return mine
  }

  return {
    referee,
    holdsLease: referee.holdsLease,
    tasks,
    ask: async (by, session, body) => {
      const ref: RequestsRef = { kind: 'requests', principal: by.id, session }
      const held = await documents.hold(ref)
      let id: Id | undefined
      try {
        id = await documents.change(ref, { author: by.id, origin: 'rest' }, () => {
          id = requestsIn(held.doc).ask(body, clock.now())
          asked.set(id, {})
          return id
        })
        await fold(ref)
        const reason = asked.get(id)?.refused
        if (reason !== undefined) throw new TandemError('conflict', { reason })
        return id
      } finally {
        if (id !== undefined) asked.delete(id)
        held.release()
      }
    },
    onTaskEnd: (ended) => {
      endListeners.add(ended)
      return () => endListeners.delete(ended)
    },
    archived: archive.find,
    archivedBefore: archive.before,
    archivedWith: async (by, key) => {
      const id = archive.madeWith(by, key)
      return id === undefined ? undefined : archive.find(id)
    },
    creationWaitMs: creations.waitMs,
    countCreation: creations.count,
    showMembers: async () => {
      const news = members.list().filter(({ id, name, role }) => {
        const shown = ops.members.get(id)
        return shown?.name !== name || shown.role !== role
      })
      const gone = [...ops.members.snapshot().keys()].filter((id) => !members.get(id))
      if (news.length + gone.length === 0) return
      await documents.change(opsRef, meta, () => {
        for (const { id, name, role } of news) ops.members.set(id, { id, name, role })
        for (const id of gone) ops.members.remove(id)
      })
    },
    run: async (signal) => {
      const { maxRunning } = settings
      if (ops.limits.get('tasks')?.maxRunning !== maxRunning)
        await documents.change(opsRef, meta, () => ops.limits.set('tasks', { id: 'tasks', maxRunning }))
      const stop = documents.onAppend(({ doc }) => {
        if (doc.kind === 'requests') void fold(doc).catch(() => {}) // logged where it failed
      })
      for (const ref of await documents.refs('requests/')) if (ref.kind === 'requests') await fold(ref).catch(() => {}) // likewise
      await referee.run(signal)
      stop()
      await Promise.all(folding.values())
    },
  }
}
