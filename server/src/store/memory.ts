import { TandemError } from '@tandem/shared'
import type { DocStat, Entry, Range, Store, Table } from './store.ts'

/** A store for tests: keeps everything in memory and forgets it with the process. */
export function openMemoryStore(): Store {
  let entries: Entry[] = []
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
        switch (w.t) {
          case 'entry':
            entries.push(w.entry)
            break
          case 'doc':
            docs.set(w.doc, w.stat)
            break
          case 'snapshot':
            snapshots.set(w.doc, [...(snapshots.get(w.doc) ?? []), { seq: w.seq, state: w.state }])
            break
          case 'record':
            if (w.value === undefined) table(w.table).delete(w.key)
            else table(w.table).set(w.key, JSON.stringify(w.value))
            break
          case 'replace':
            entries = entries.flatMap((e) =>
              e.doc === w.doc && isWithin(w, e.seq) ? (e.seq === w.upTo ? (w.entry ?? []) : []) : e,
            )
            break
          case 'drop-snapshots':
            snapshots.set(
              w.doc,
              (snapshots.get(w.doc) ?? []).filter((s) => !isWithin(w, s.seq)),
            )
            break
          case 'drop':
            entries = entries.filter((e) => e.doc !== w.doc)
            snapshots.delete(w.doc)
            docs.delete(w.doc)
            break
          default:
            w satisfies never
        }
      }
    },
    takeFence: async () => ++fence,
    head: async () => entries.at(-1)?.seq ?? 0,
    docs: async function* () {
      yield* [...docs]
    },
    entry: async (doc, seq) => entries.find((e) => e.doc === doc && e.seq === seq),
    entries: async function* (doc, range = {}) {
      const found = entries.filter((e) => e.doc === doc && isWithin(range, e.seq))
      yield* range.reverse ? found.toReversed() : found
    },
    heads: async function* (range = {}) {
      const found = entries.filter((e) => isWithin(range, e.seq)).toSorted((a, b) => a.seq - b.seq)
      for (const { update, previous: _, ...head } of range.reverse ? found.toReversed() : found)
        yield { ...head, bytes: update.length }
    },
    snapshot: async (doc, upTo = Infinity) => (snapshots.get(doc) ?? []).findLast((s) => s.seq <= upTo),
    read: async (name, key) => {
      const json = table(name).get(key)
      return json === undefined ? undefined : (JSON.parse(json) as unknown)
    },
    list: async function* (name, { before, reverse = false } = {}) {
      const meant = [...table(name)].filter(([key]) => before === undefined || key < before)
      for (const [key, json] of meant.toSorted(([a], [b]) => (a < b !== reverse ? -1 : 1)))
        yield [key, JSON.parse(json) as unknown]
    },
    recover: async () => {},
    close: async () => {},
  }
}

const isWithin = ({ after = 0, upTo = Infinity }: Range, seq: number) => seq > after && seq <= upTo

/** What a commit throws whose server no longer owns the workspace. */
export const staleFence = (holds: number, fence: number): TandemError =>
  new TandemError('conflict', { reason: 'another server has taken over this workspace', holds, fence })
