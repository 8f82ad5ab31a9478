import { docPath, parseDocPath, type Id } from '@tandem/shared'
import { onTreeChange, type TreeChange } from '@tandem/shared/docs'
import * as Y from 'yjs'
import { z } from 'zod'
import type { UpdateLog } from '../store/log.ts'
import type { Entry, EntryHead } from '../store/store.ts'
import type { Deed } from './steps.ts'

/** So many entries of the log are looked at in one go. */
const batch = 2_000

/** What `store/thin.ts` notes of an entry that was several. */
const Folded = z.object({ folded: z.int(), since: z.object({ seq: z.int(), at: z.number() }) })

type Log = Pick<UpdateLog, 'load' | 'entries' | 'heads'>
type Wanted = {
  /** From this version down. */
  upTo: number
  /** Only these files; absent: all. */
  files?: ReadonlySet<Id> | undefined
}

/** What was done to files and their texts, newest first, read backwards only as far as it is asked for. */
export async function* readDeeds(log: Log, { upTo, files }: Wanted): AsyncGenerator<Deed> {
  const [only] = files?.size === 1 ? files : []
  const heads = only === undefined ? ofFiles(log.heads({ upTo, reverse: true })) : ofFile(log, only, upTo)
  let gathered: EntryHead[] = []
  for await (const head of heads) {
    gathered.push(head)
    if (gathered.length < batch) continue
    yield* deedsOf(log, gathered, files)
    gathered = []
  }
  yield* deedsOf(log, gathered, files)
}

async function* ofFiles(heads: AsyncIterable<EntryHead>): AsyncGenerator<EntryHead> {
  for await (const head of heads) if (head.doc === 'files' || head.doc.startsWith('file/')) yield head
}

/** The entries of one file and of the index, without going through those of all others. */
async function* ofFile(log: Log, file: Id, upTo: number): AsyncGenerator<EntryHead> {
  const backwards = (doc: string) => log.entries(doc, { upTo, reverse: true })[Symbol.asyncIterator]()
  const [text, index] = [backwards(docPath({ kind: 'file', fileId: file })), backwards('files')]
  try {
    let [a, b] = [await text.next(), await index.next()]
    for (;;) {
      if (!a.done && (b.done || a.value.seq > b.value.seq)) {
        yield headOf(a.value)
        a = await text.next()
      } else if (!b.done) {
        yield headOf(b.value)
        b = await index.next()
      } else return
    }
  } finally {
    await Promise.all([text.return?.(), index.return?.()])
  }
}

const headOf = ({ update, previous: _previous, ...head }: Entry): EntryHead => ({ ...head, bytes: update.length })

async function* deedsOf(
  log: Log,
  heads: readonly EntryHead[],
  files: ReadonlySet<Id> | undefined,
): AsyncGenerator<Deed> {
  const ofIndex = heads.filter((head) => head.doc === 'files')
  const [newest, oldest] = [ofIndex[0], ofIndex.at(-1)]
  const changes = newest && oldest ? await readTreeChanges(log, oldest.seq - 1, newest.seq) : undefined
  for (const { seq, at, author, cause, doc, note } of heads) {
    const { folded: entries, since } = Folded.safeParse(note).data ?? { folded: 1, since: { seq, at } }
    const deed = { seq, at, since, entries, author, cause }
    const ref = parseDocPath(doc)
    if (ref?.kind === 'file') {
      if (!files || files.has(ref.fileId)) yield { ...deed, edited: ref.fileId }
      continue
    }
    const tree = changes?.get(seq)?.filter(({ id }) => !files || files.has(id)) ?? []
    if (tree.length > 0) yield { ...deed, tree }
  }
}

/** What each of the index's entries with `after < seq <= upTo` changed of places and contents, by seq. */
export async function readTreeChanges(
  log: Pick<UpdateLog, 'load' | 'entries'>,
  after: number,
  upTo: number,
): Promise<Map<number, readonly TreeChange[]>> {
  const bySeq = new Map<number, readonly TreeChange[]>()
  const doc = new Y.Doc()
  const before = after > 0 ? await log.load('files', after) : undefined
  if (before) Y.applyUpdate(doc, before)
  let seq = 0
  onTreeChange(doc, (changes) => bySeq.set(seq, changes))
  for await (const entry of log.entries('files', { after, upTo })) {
    seq = entry.seq
    Y.applyUpdate(doc, entry.update)
  }
  return bySeq
}
