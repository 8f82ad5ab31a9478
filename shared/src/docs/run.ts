import type * as Y from 'yjs'
import { z } from 'zod'
import { TandemError } from '../base/errors.ts'
import { createId, type Id } from '../base/ids.ts'
import { CallRecord, Delivered, RunAbout, RunMessage, RunProgress, RunStatus, RunUsage } from '../protocol/agent.ts'
import { ReviewHunk } from '../protocol/review.ts'
import { checked } from './checked.ts'
import { openRecords } from './records.ts'
import { openRunDraft, type RunDraft } from './run-draft.ts'
import { cachedView, type View } from './view.ts'

const parts = { about: RunAbout, status: RunStatus, usage: RunUsage, progress: RunProgress }
type Parts = { [K in keyof typeof parts]: z.infer<(typeof parts)[K]> }

export type Run = View<Readonly<Partial<Parts>>> & {
  set<K extends keyof Parts>(part: K, value: Parts[K]): void
  /** All that the model said and was given, in order: the truth from which any process goes on. */
  messages: View<readonly RunMessage[]>
  /** Appends; throws `validation-failed` before anything is written where one is too large. */
  append(messages: readonly z.input<typeof RunMessage>[]): void
  draft: RunDraft
  /** How far the calls of tools have come, by their ids. */
  journal: View<ReadonlyMap<string, CallRecord>>
  /** Throws `conflict` where that call has ended: it never begins again. */
  note(call: string, record: z.input<typeof CallRecord>): void
  /** What it changed, by ids in order of time. */
  hunks: View<ReadonlyMap<string, ReviewHunk>>
  /** Notes what a call changes, in place of what was noted of it before, and returns the ids. */
  setHunks(call: string, hunks: readonly z.input<typeof ReviewHunk>[]): Id[]
  /** Which of people's messages have reached it. */
  delivered: View<ReadonlyMap<string, Delivered>>
  deliver(message: Id, how: Delivered): void
  /** How much of all this cannot be read here: written by a newer version, perhaps. */
  unreadable(): number
  /** One transaction, one update: a step is kept whole. */
  transact<T>(work: () => T): T
}

/** One run of the agent, written by the daemon that holds it alone. */
export function openRun(doc: Y.Doc): Run {
  const map = doc.getMap<unknown>('self')
  const list = doc.getArray<unknown>('messages')
  const journal = openRecords(doc, 'journal', CallRecord)
  const hunks = openRecords(doc, 'hunks', ReviewHunk)
  const delivered = openRecords(doc, 'delivered', Delivered)
  // Of one message Yjs always gives the same object: each is parsed once.
  const parsed = new WeakMap<object, { message: RunMessage | undefined }>()
  const read = (raw: unknown): RunMessage | undefined => {
    if (typeof raw !== 'object' || raw === null) return undefined
    const known = parsed.get(raw) ?? { message: RunMessage.safeParse(raw).data }
    parsed.set(raw, known)
    return known.message
  }
  const messages = cachedView<readonly RunMessage[]>(
    () => list.toArray().flatMap((raw) => read(raw) ?? []),
    (changed) => list.observe(changed),
  )
  return {
    ...cachedView(
      () => {
        const out: Record<string, unknown> = {}
        for (const [key, schema] of Object.entries(parts)) {
          const { success, data } = schema.safeParse(map.get(key))
          if (success) out[key] = data
        }
        return out as Partial<Parts>
      },
      (changed) => map.observe(changed),
    ),
    // The same value again would only grow the document.
    set: (part, value) => {
      const next = checked<z.ZodType>(parts[part], value, part)
      if (JSON.stringify(map.get(part)) !== JSON.stringify(next)) map.set(part, next)
    },
    messages,
    append: (added) => list.push(added.map((each) => checked(RunMessage, each, 'message'))),
    draft: openRunDraft(doc),
    journal: { snapshot: journal.snapshot, subscribe: journal.subscribe },
    note: (call, record) => {
      // Whoever cannot read how it went must not do it again either.
      const isKnown = journal.writer(call) === undefined || journal.get(call) !== undefined
      if (!isKnown || (journal.get(call)?.state === 'ended' && record.state === 'begun'))
        throw new TandemError('conflict', { reason: 'this call has ended', call })
      journal.set(call, checked(CallRecord, record, 'step'))
    },
    hunks: { snapshot: hunks.snapshot, subscribe: hunks.subscribe },
    setHunks: (call, added) => {
      const all = added.map((hunk) => [createId(), checked(ReviewHunk, hunk, 'change')] as const)
      const old = [...hunks.snapshot()].filter(([, hunk]) => hunk.call === call)
      doc.transact(() => {
        for (const [id] of old) hunks.remove(id)
        for (const [id, hunk] of all) hunks.set(id, hunk)
      })
      return all.map(([id]) => id)
    },
    delivered: { snapshot: delivered.snapshot, subscribe: delivered.subscribe },
    deliver: (message, how) => delivered.set(message, Delivered.parse(how)),
    unreadable: () =>
      list.length - messages.snapshot().length + journal.unreadable().length + hunks.unreadable().length,
    transact: (work) => doc.transact(work),
  }
}
