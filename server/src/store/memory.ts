import { TandemError } from '@tandem/shared'
import type { DocStat, Entry, Store, Table } from './store.ts'

/** A store for tests: keeps everything in memory and forgets it with the process. */
export function openMemoryStore(): Store {
  const entries: Entry[] = []
  const docs = new Map<string, DocStat>()
  const snapshots = new Map<string, { seq: number; state: Uint8Array }[]>()
  const tables = new Map<Table, Map<string, string>>()
  let fence = 0
  const table = (name: Table) => {
    const known = tables.get(name) ?? new Map<string, string>()
    tables.set(name, known)
    return known
  }
  return {
    commit: async (writes, holds) => {
      if (holds !== undefined && holds < fence) throw staleFence(holds, fence)
      for (const w of writes) {
        if (w.t === 'entry') entries.push(w.entry)
        else if (w.t === 'doc') docs.set(w.doc, w.stat)
        else if (w.t === 'snapshot')
          snapshots.set(w.doc, [...(snapshots.get(w.doc) ?? []), { seq: w.seq, state: w.state }])
        else if (w.value === undefined) table(w.table).delete(w.key)
        else table(w.table).set(w.key, JSON.stringify(w.value))
      }
    },
    takeFence: async () => ++fence,
    head: async () => entries.at(-1)?.seq ?? 0,
    docs: async function* () {
      yield* [...docs]
    },
    entries: async function* (doc, { after = 0, upTo = Infinity } = {}) {
      yield* entries.filter((e) => e.doc === doc && e.seq > after && e.seq <= upTo)
    },
    moved: async function* (after) {
      for (const { seq, doc } of entries) if (seq > after) yield { seq, doc }
    },
    snapshot: async (doc, upTo = Infinity) => (snapshots.get(doc) ?? []).findLast((s) => s.seq <= upTo),
    read: async (name, key) => {
      const json = table(name).get(key)
      return json === undefined ? undefined : (JSON.parse(json) as unknown)
    },
    list: async function* (name) {
      for (const [key, json] of [...table(name)].toSorted(([a], [b]) => (a < b ? -1 : 1)))
        yield [key, JSON.parse(json) as unknown]
    },
    recover: async () => {},
    close: async () => {},
  }
}

/** What a commit throws whose server no longer owns the workspace. */
export const staleFence = (holds: number, fence: number): TandemError =>
  new TandemError('conflict', { reason: 'another server has taken over this workspace', holds, fence })
