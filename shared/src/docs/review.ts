import type * as Y from 'yjs'
import type { z } from 'zod'
import { Decision } from '../protocol/review.ts'
import { checked } from './checked.ts'
import { openRecords } from './records.ts'
import type { View } from './view.ts'

/** What people decided about the changes of one run, by hunk. It works offline, like all that people write. */
export type Review = View<ReadonlyMap<string, Decision>> & {
  decide(hunk: string, decision: z.input<typeof Decision>): void
  /** The Yjs client that decided. */
  writer(hunk: string): number | undefined
  transact<T>(work: () => T): T
}

/** The review of one run, written by editors. */
export function openReview(doc: Y.Doc): Review {
  const decisions = openRecords(doc, 'decisions', Decision)
  return {
    snapshot: decisions.snapshot,
    subscribe: decisions.subscribe,
    decide: (hunk, decision) => decisions.set(hunk, checked(Decision, decision, 'decision')),
    writer: decisions.writer,
    transact: (work) => doc.transact(work),
  }
}
