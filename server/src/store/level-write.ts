import { encodeEntry, encodeJson, seal } from './encode.ts'
import { key, last, seqOf, type Db } from './level-keys.ts'
import type { Entry, Write } from './store.ts'

/** One commit, all or nothing, on disk when it resolves. What goes is looked up first. */
export async function commit(db: Db, writes: readonly Write[]): Promise<void> {
  const batch = db.batch()
  try {
    await fill(db, batch, writes)
  } catch (e) {
    await batch.close()
    throw e
  }
  await batch.write({ sync: true })
}

async function fill(db: Db, batch: ReturnType<Db['batch']>, writes: readonly Write[]): Promise<void> {
  const put = (k: string, value: Uint8Array) => batch.put(k, value)
  const del = (k: string) => batch.del(k)
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
}
