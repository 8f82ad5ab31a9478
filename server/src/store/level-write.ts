import { encodeEntry, encodeJson, seal } from './encode.ts'
import { key, last, seqOf, type Db } from './level-keys.ts'
import type { Entry, Write } from './store.ts'

export type Operation = { type: 'put'; key: string; value: Uint8Array } | { type: 'del'; key: string }

/** What a commit does to the database's keys; what goes is looked up. */
export async function operations(db: Db, writes: readonly Write[]): Promise<Operation[]> {
  const out: Operation[] = []
  const put = (k: string, value: Uint8Array) => out.push({ type: 'put', key: k, value })
  const del = (k: string) => out.push({ type: 'del', key: k })
  const putEntry = (entry: Entry) => {
    const encoded = encodeEntry(entry)
    put(key.entry(entry.doc, entry.seq), encoded.entry)
    put(key.head(entry.seq), encoded.head)
  }
  const delEntries = async (doc: string, after: number, upTo: number) => {
    for await (const k of db.keys({ gt: key.entry(doc, after), lte: key.entry(doc, upTo) })) {
      del(k)
      del(key.head(seqOf(k)))
    }
  }
  const delSnapshots = async (doc: string, after: number, upTo: number) => {
    for await (const k of db.keys({ gt: key.snapshot(doc, after), lte: key.snapshot(doc, upTo) })) del(k)
  }
  for (const w of writes) {
    switch (w.t) {
      case 'entry':
        putEntry(w.entry)
        break
      case 'doc':
        put(key.doc(w.doc), encodeJson(w.stat))
        break
      case 'snapshot':
        put(key.snapshot(w.doc, w.seq), seal(w.state))
        break
      case 'record': {
        const k = key.record(w.table, w.key)
        if (w.value === undefined) del(k)
        else put(k, encodeJson(w.value))
        break
      }
      case 'replace':
        await delEntries(w.doc, w.after, w.upTo)
        if (w.entry) putEntry(w.entry)
        break
      case 'drop-snapshots':
        await delSnapshots(w.doc, w.after, w.upTo)
        break
      case 'drop':
        await delEntries(w.doc, 0, last)
        await delSnapshots(w.doc, 0, last)
        del(key.doc(w.doc))
        break
      default:
        w satisfies never
    }
  }
  return out
}
