import type * as Y from 'yjs'
import { z } from 'zod'
import { createId, Id } from '../base/ids.ts'
import { TaskInput } from '../protocol/task.ts'
import { openRecords } from './records.ts'
import type { View } from './view.ts'

/** What a person or daemon asks of the server. The document's name says who asks; each id is folded once. */
export const RequestBody = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('create'), task: TaskInput }),
  z.object({ kind: z.literal('cancel'), task: Id, force: z.boolean().default(false) }),
  z.object({ kind: z.literal('retry'), task: Id }),
  /** The same once more, as a task of its own, which has this request's id. */
  z.object({ kind: z.literal('rerun'), task: Id }),
  /** Cancels these, those of the group, or with neither everything that waits or runs. */
  z.object({
    kind: z.literal('cancel-many'),
    tasks: z.array(Id).max(1_000).optional(),
    group: Id.optional(),
    force: z.boolean().default(false),
  }),
  /** A daemon that drains begins nothing more; what runs goes on. */
  z.object({ kind: z.literal('drain'), daemon: Id, on: z.boolean() }),
  z.object({ kind: z.literal('approve'), approval: Id, scope: z.enum(['once', 'run', 'workspace']).default('once') }),
  z.object({ kind: z.literal('reject'), approval: Id, reason: z.string().max(500).optional() }),
  /** To what a daemon's mirror asks (`MirrorQuestion`), or shows (`MirrorConflict`: `dismiss`). */
  z.object({ kind: z.literal('answer'), daemon: Id, question: Id, answer: z.enum(['delete', 'restore', 'dismiss']) }),
])
export type RequestBody = z.infer<typeof RequestBody>

export const Request = z.object({ v: z.literal(1).default(1), body: RequestBody, clientAt: z.number() })
export type Request = z.infer<typeof Request>

export type Requests = View<ReadonlyMap<string, Request>> & {
  /** Writes a request and returns its id, which is the new task's id for `create`. Works offline; folded when synced. */
  ask(body: z.input<typeof RequestBody>, clientAt?: number): Id
  /** Nothing is left in it, not even what does not parse. */
  isEmpty(): boolean
  /** For the server: drops what was folded. */
  drop(ids: Iterable<string>): void
}

/** One principal's, one session's requests. */
export function openRequests(doc: Y.Doc): Requests {
  const records = openRecords(doc, 'requests', Request)
  return {
    snapshot: records.snapshot,
    subscribe: records.subscribe,
    ask: (body, clientAt = Date.now()) => {
      const id = createId()
      records.set(id, Request.parse({ body, clientAt }))
      return id
    },
    isEmpty: () => records.snapshot().size === 0 && records.unreadable().length === 0,
    drop: (ids) => doc.transact(() => [...ids].forEach(records.remove)),
  }
}
