import type * as Y from 'yjs'
import { z } from 'zod'
import { createId, Id } from '../base/ids.ts'
import { TaskInput } from '../protocol/task.ts'
import { Approval } from './ops.ts'
import { openRecords } from './records.ts'
import type { View } from './view.ts'

/** What a person or daemon asks of the server. The document's name says who asks; each id is folded once. */
export const RequestBody = z.discriminatedUnion('kind', [
  /** `rerunOf`: it is another run of a task that is archived, whose input this is. */
  z.object({ kind: z.literal('create'), task: TaskInput, rerunOf: Id.optional() }),
  z.object({ kind: z.literal('cancel'), task: Id, force: z.boolean().default(false) }),
  z.object({ kind: z.literal('retry'), task: Id }),
  /** One that waits for its time starts now. */
  z.object({ kind: z.literal('wake'), task: Id }),
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
  z.object({
    kind: z.literal('approve'),
    approval: Id,
    scope: Approval.shape.scope.unwrap().default('once'),
    comment: z.string().max(500).optional(),
  }),
  /** Takes back a yes that reached further than one task; what runs by it goes on. */
  z.object({ kind: z.literal('revoke'), approval: Id }),
  z.object({ kind: z.literal('reject'), approval: Id, reason: z.string().max(500).optional() }),
  /** To what a daemon's mirror asks (`MirrorQuestion`), or shows (`MirrorConflict`: `dismiss`). */
  z.object({ kind: z.literal('answer'), daemon: Id, question: Id, answer: z.enum(['delete', 'restore', 'dismiss']) }),
])
export type RequestBody = z.infer<typeof RequestBody>

export const Request = z.object({ v: z.literal(1).default(1), body: RequestBody, clientAt: z.number() })
export type Request = z.infer<typeof Request>

/** What the server would not do, in its words; `body` as it was asked for, unless that is too large to be kept. */
export const Refusal = z.object({
  id: Id,
  kind: z.string().max(40),
  reason: z.string().max(1_000),
  at: z.number(),
  body: RequestBody.optional(),
})
export type Refusal = z.infer<typeof Refusal>

/** Of these the newest stay until whoever asked has seen them. */
const maxRefusals = 50
/** What was asked for stays with its refusal up to this size, as JSON, in characters. */
const maxRefusedBody = 2 ** 16

export type Requests = View<ReadonlyMap<string, Request>> & {
  /** What of it the server would not do, by the request's id, until it is dismissed. */
  refusals: View<ReadonlyMap<string, Refusal>>
  /** Writes a request and returns its id, which is the new task's id for `create`. Works offline; folded when synced. */
  ask(body: z.input<typeof RequestBody>, clientAt?: number): Id
  /** Forgets refusals that were seen. */
  dismiss(ids: Iterable<string>): void
  /** Nothing is left to be folded, not even what does not parse. */
  isEmpty(): boolean
  /** For the server: drops what was folded; of what was refused it keeps why. `refused`: reasons by id; `now` in ms. */
  drop(ids: Iterable<string>, refused?: ReadonlyMap<string, string>, now?: number): void
}

/** One principal's, one session's requests. */
export function openRequests(doc: Y.Doc): Requests {
  const records = openRecords(doc, 'requests', Request)
  const refusals = openRecords(doc, 'refusals', Refusal)
  const refuse = (id: string, reason: string, at: number) => {
    const body = records.get(id)?.body
    if (!body) return
    const isKept = JSON.stringify(body).length <= maxRefusedBody
    const said = { id, kind: body.kind, reason: reason.slice(0, 1_000), at }
    refusals.set(id, isKept ? { ...said, body } : said)
  }
  return {
    snapshot: records.snapshot,
    subscribe: records.subscribe,
    refusals: { snapshot: refusals.snapshot, subscribe: refusals.subscribe },
    ask: (body, clientAt = Date.now()) => {
      const id = createId()
      records.set(id, Request.parse({ body, clientAt }))
      return id
    },
    dismiss: (ids) => doc.transact(() => [...ids].forEach(refusals.remove)),
    isEmpty: () => records.snapshot().size === 0 && records.unreadable().length === 0,
    drop: (ids, refused = new Map(), now = Date.now()) => {
      const newest = [...refused].slice(-maxRefusals)
      const kept = [...refusals.snapshot().values()].toSorted((a, b) => a.at - b.at)
      const old = kept.slice(0, Math.max(0, kept.length + newest.length - maxRefusals))
      doc.transact(() => {
        for (const { id } of old) refusals.remove(id)
        for (const [id, reason] of newest) refuse(id, reason, now)
        for (const id of ids) records.remove(id)
      })
    },
  }
}
