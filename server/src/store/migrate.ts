import { isTandemError } from '@tandem/shared'
import { z } from 'zod'
import { decodeEntryOf1, decodeJson, encodeEntry, encodeJson, unseal } from './encode.ts'
import { docOf, key, seqOf, type Db } from './level-keys.ts'
import type { Entry } from './store.ts'

/** The shape of what is stored. Raised with a migration; an older program refuses a newer one. */
export const schemaVersion = 2

/**
 * Brings data of version 1 to version 2: entries learn which entry is before theirs, and the order of all entries
 * keeps their heads. In batches; the number of the version is written last, so that one cut short is done again and
 * finds part of it done. What is damaged stays as it is, and is told where it is read. Data of this version and of
 * later ones is left alone. Rewritten entries are gathered up to `batchBytes`, then synced.
 */
export async function migrate(db: Db, batchBytes = 4 * 2 ** 20): Promise<void> {
  const place = key.record('meta', 'workspace')
  const value = await db.get(place)
  if (!value) return
  const workspace = z.looseObject({ schema: z.int() }).safeParse(decodeJson(value, { key: place })).data
  if (workspace?.schema !== 1) return

  const seqsByDoc = await order(db)
  let batch: { type: 'put'; key: string; value: Uint8Array }[] = []
  let bytes = 0
  const flush = async () => {
    await db.batch(batch, { sync: true })
    batch = []
    bytes = 0
  }
  let doc = ''
  let before: number[] = []
  let at = 0
  for await (const [k, v] of db.iterator({ gte: 'u!', lt: 'u"' })) {
    const seq = seqOf(k)
    if (docOf(k) !== doc) {
      doc = docOf(k)
      before = seqsByDoc.get(doc) ?? []
      at = 0
    }
    while ((before[at] ?? seq) < seq) at += 1
    const entry = toCurrent(v, doc, seq, before[at - 1] ?? 0)
    if (!entry) continue
    const encoded = encodeEntry(entry)
    batch.push({ type: 'put', key: k, value: encoded.entry }, { type: 'put', key: key.head(seq), value: encoded.head })
    bytes += encoded.entry.length + encoded.head.length
    if (bytes > batchBytes) await flush()
  }
  await flush()
  await db.put(place, encodeJson({ ...workspace, schema: 2 }), { sync: true })
}

/**
 * The versions of each document, ascending: of the order and of the entries together, so that an entry that is gone
 * from either still shows as a gap.
 */
async function order(db: Db): Promise<Map<string, number[]>> {
  const seqsByDoc = new Map<string, Set<number>>()
  const note = (doc: string, seq: number) => {
    const seqs = seqsByDoc.get(doc) ?? new Set()
    seqsByDoc.set(doc, seqs.add(seq))
  }
  for await (const k of db.keys({ gte: 'u!', lt: 'u"' })) note(docOf(k), seqOf(k))
  for await (const [k, v] of db.iterator({ gte: 'q!', lt: 'q"' })) {
    const doc = docInHead(v)
    if (doc !== undefined) note(doc, seqOf(k))
  }
  return new Map([...seqsByDoc].map(([doc, seqs]) => [doc, [...seqs].toSorted((a, b) => a - b)]))
}

const decoder = new TextDecoder()
/** Version 1 kept the name alone. */
function docInHead(sealed: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(unseal(sealed, {}))
    return text.startsWith('{') ? z.object({ doc: z.string() }).parse(JSON.parse(text)).doc : text
  } catch {
    // Rotten: the entry itself says where it belongs.
    return undefined
  }
}

/** Undefined where it is damaged, or was done before. */
function toCurrent(value: Uint8Array, doc: string, seq: number, previous: number): Entry | undefined {
  try {
    const entry = decodeEntryOf1(value, doc, seq)
    return entry && { ...entry, previous }
  } catch (e) {
    if (isTandemError(e, 'store-corrupt')) return undefined
    throw e
  }
}
