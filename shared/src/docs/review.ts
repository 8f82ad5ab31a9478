import type * as Y from 'yjs'
import type { z } from 'zod'
import { Decision, StandIns } from '../protocol/review.ts'
import { checked } from './checked.ts'
import { openRecords } from './records.ts'
import { cachedView, type View } from './view.ts'

/** What people decided about the changes of one run. It works offline, like all that people write. */
export type Review = View<ReadonlyMap<string, Decision>> & {
  decide(hunk: string, decision: z.input<typeof Decision>): void
  /** The Yjs client that decided. */
  writer(hunk: string): number | undefined
  /** Which characters that were put back stand for which. */
  standIns: View<StandIns>
  /** Notes some; before they are in a text it does no harm. */
  addStandIns(standIns: StandIns): void
  transact<T>(work: () => T): T
}

/** The review of one run, written by editors. */
export function openReview(doc: Y.Doc): Review {
  const decisions = openRecords(doc, 'decisions', Decision)
  // By the client under which they were put back: what two people note while apart stays beside each other.
  const standIns = openRecords(doc, 'standIns', StandIns)
  return {
    snapshot: decisions.snapshot,
    subscribe: decisions.subscribe,
    decide: (hunk, decision) => decisions.set(hunk, checked(Decision, decision, 'decision')),
    writer: decisions.writer,
    standIns: cachedView(
      () => [...standIns.snapshot().values()].flat(),
      (changed) => standIns.subscribe(changed),
    ),
    addStandIns: (added) => {
      for (const client of new Set(added.map(([each]) => each))) {
        const key = String(client)
        const own = added.filter(([each]) => each === client)
        standIns.set(key, checked(StandIns, [...(standIns.get(key) ?? []), ...own], 'change'))
      }
    },
    transact: (work) => doc.transact(work),
  }
}
