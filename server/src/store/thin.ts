import { TandemError } from '@tandem/shared'
import * as Y from 'yjs'
import type { Entry, Store, Write } from './store.ts'

/** The entries with `after < seq <= upTo` become one, which stands at the last of them. */
export type ThinStep = { after: number; upTo: number }

/** What a step does: its writes, how many entries go, and how many bytes of updates from which version on. */
type Folded = { writes: Write[]; gone: number; freed: number; upTo: number }

/**
 * Folds a range of a document's entries into one, with the content of the last. Its snapshots between go too: they
 * stand at versions that are no more. Undefined where there is nothing to fold; throws `store-corrupt` where an entry
 * is damaged or missing, and leaves the range as it is.
 */
export async function fold(
  store: Pick<Store, 'entries'>,
  doc: string,
  { after, upTo }: ThinStep,
): Promise<Folded | undefined> {
  const entries: Entry[] = []
  for await (const entry of store.entries(doc, { after, upTo })) {
    const before = entries.at(-1)
    if (before && entry.previous !== before.seq) throw missingEntry(doc, entry.previous, entry.seq)
    entries.push(entry)
  }
  const [first, end] = [entries[0], entries.at(-1)]
  if (!first || !end || first === end) return undefined
  const update = Y.mergeUpdates(entries.map((e) => e.update))
  const entry: Entry = { ...end, previous: first.previous, update, note: noteOf(entries) }
  return {
    writes: [
      { t: 'replace', doc, after, upTo: end.seq, entry },
      { t: 'drop-snapshots', doc, after, upTo: end.seq - 1 },
    ],
    gone: entries.length - 1,
    freed: entries.reduce((sum, e) => sum + e.update.length, 0) - update.length,
    upTo: end.seq,
  }
}

/** An entry that another names as the one before it is not there. */
export const missingEntry = (doc: string, seq: number, before: number): TandemError =>
  new TandemError('store-corrupt', { reason: 'an entry of a document is missing', doc, seq, before })

/** What a folded entry still knows of those in it: how many, when the first was, all their authors, who passed on whose ids. */
function noteOf(entries: readonly Entry[]): Readonly<Record<string, unknown>> {
  const listOf = (field: 'authors' | 'via', own: (e: Entry) => unknown[] = () => []) => [
    ...new Set(entries.flatMap((e) => (Array.isArray(e.note?.[field]) ? (e.note[field] as unknown[]) : own(e)))),
  ]
  const authors = listOf('authors', (e) => [e.author])
  const via = listOf('via')
  const [first] = entries
  const since = first?.note?.['since'] ?? (first && { seq: first.seq, at: first.at })
  const folded = entries.reduce((sum, { note }) => sum + (typeof note?.['folded'] === 'number' ? note['folded'] : 1), 0)
  return {
    ...entries.at(-1)?.note,
    folded,
    since,
    ...(authors.length > 1 && { authors }),
    ...(via.length > 0 && { via }),
  }
}
