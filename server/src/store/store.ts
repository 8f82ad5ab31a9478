import type { Id } from '@tandem/shared'

/** Which door a change came through. */
export type Origin = 'socket' | 'rest' | 'bulk' | 'server'

/** Who changed something, by which door; `note` is kept with the entry (`restoredFrom`, `via`, …). */
export type AppendMeta = { author: Id; origin: Origin; note?: Readonly<Record<string, unknown>> }

/** One change of one document: `seq` is workspace-wide and monotone, it *is* the version number [S202]. */
export type Entry = {
  seq: number
  /** `docPath` of the document. */
  doc: string
  update: Uint8Array
  author: Id
  origin: Origin
  /** Server's time, ms. */
  at: number
  note?: Readonly<Record<string, unknown>>
}

/** Where a document stands: its last entry, its last snapshot, and how many bytes each of the two parts has. */
export type DocStat = { seq: number; snapshotSeq: number; snapshotBytes: number; tailBytes: number }

/** Small facts of the server that are no documents: secrets, accounts, registries. Values are JSON. */
export type Table = 'meta' | 'members' | 'keys' | 'sessions' | 'daemons' | 'audit' | 'folded' | 'authors'

export type Write =
  | { t: 'entry'; entry: Entry }
  | { t: 'doc'; doc: string; stat: DocStat }
  | { t: 'snapshot'; doc: string; seq: number; state: Uint8Array }
  /** `undefined` removes. */
  | { t: 'record'; table: Table; key: string; value: unknown }

/**
 * Where one workspace's log lives. The contract (`store.suite.ts`): a commit is all or nothing, and on disk when it
 * resolves; what was read back was written, or the read throws `store-corrupt` naming the place.
 */
export type Store = {
  /** All or nothing, durable. A stale `fence` throws `conflict` and writes nothing. */
  commit(writes: readonly Write[], fence?: number): Promise<void>
  /** A new fencing token, greater than all before: from now on commits with an older one are refused. */
  takeFence(): Promise<number>
  /** The last entry's seq; 0 in an empty log. */
  head(): Promise<number>
  docs(): AsyncIterable<readonly [doc: string, stat: DocStat]>
  /** A document's entries with `after < seq <= upTo`, ascending. */
  entries(doc: string, range?: { after?: number; upTo?: number }): AsyncIterable<Entry>
  /** Which document each entry after `after` belongs to, ascending. */
  moved(after: number): AsyncIterable<{ seq: number; doc: string }>
  /** The newest snapshot at or before `upTo`. */
  snapshot(doc: string, upTo?: number): Promise<{ seq: number; state: Uint8Array } | undefined>
  read(table: Table, key: string): Promise<unknown>
  list(table: Table): AsyncIterable<readonly [key: string, value: unknown]>
  /** Brings the store back after a failed commit, as far as it can. */
  recover(): Promise<void>
  close(): Promise<void>
}
