import type { Level } from 'level'
import type { Table } from './store.ts'

export type Db = Level<string, Uint8Array>

/** Beyond every version. */
export const last = 99_999_999_999_999
const pad = (seq: number) => String(Math.min(seq, last)).padStart(14, '0')

/**
 * Keys. Names of documents hold no `!`. `u` entries by document, `q` the heads of all entries in their order, `s`
 * snapshots, `d` where each document stands, `r` records by table.
 */
export const key = {
  entry: (doc: string, seq: number) => `u!${doc}!${pad(seq)}`,
  head: (seq: number) => `q!${pad(seq)}`,
  snapshot: (doc: string, seq: number) => `s!${doc}!${pad(seq)}`,
  doc: (doc: string) => `d!${doc}`,
  record: (table: Table, name: string) => `r!${table}!${name}`,
}
export const seqOf = (k: string): number => Number(k.slice(-14))
/** The document of an entry's or a snapshot's key. */
export const docOf = (k: string): string => k.slice(2, -15)
