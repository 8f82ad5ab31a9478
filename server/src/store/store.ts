import type { Cause, Id, TandemError } from '@tandem/shared'
import { z } from 'zod'

/** Which door a change came through. */
export type Origin = 'socket' | 'rest' | 'bulk' | 'server'

/** Who changed something, by which door and why; `note` is kept with the entry (`via`, `thinned`, …). */
export type AppendMeta = { author: Id; origin: Origin; cause?: Cause; note?: Readonly<Record<string, unknown>> }

/** One change of one document: `seq` is workspace-wide and monotone, it *is* the version number [S202]. */
export type Entry = {
  seq: number
  /** `docPath` of the document. */
  doc: string
  /** The seq of this document's entry before, 0 for its first: a missing entry shows. */
  previous: number
  update: Uint8Array
  author: Id
  origin: Origin
  /** Server's time, ms. */
  at: number
  cause?: Cause
  note?: Readonly<Record<string, unknown>>
}

/** What is known of an entry without reading its update; `bytes` is the update's length. */
export type EntryHead = Omit<Entry, 'update' | 'previous'> & { bytes: number }

/** `after < seq <= upTo`, ascending, or descending where `reverse`. */
export type Range = { after?: number | undefined; upTo?: number | undefined; reverse?: boolean | undefined }

/** `key < before`, ascending, or descending where `reverse`. */
export type KeyRange = { before?: string | undefined; reverse?: boolean | undefined }

/**
 * Where a document stands: its last entry, its last snapshot, and how many bytes each of the two parts has; its last
 * milestone (`snapshots.ts`), and the bytes of entries since.
 */
export const DocStat = z.object({
  seq: z.number(),
  snapshotSeq: z.number(),
  snapshotBytes: z.number(),
  tailBytes: z.number(),
  milestoneSeq: z.number().default(0),
  milestoneTailBytes: z.number().default(0),
})
export type DocStat = Readonly<z.infer<typeof DocStat>>

/** Small facts of the server that are no documents: secrets, accounts, registries. Values are JSON. */
export type Table =
  | 'meta'
  | 'members'
  | 'keys'
  | 'sessions'
  | 'daemons'
  | 'audit'
  | 'folded'
  | 'idempotency'
  | 'authors'
  | 'users'
  | 'invites'
  | 'runs'
  | 'ended-tasks'
  | 'task-keys'

/** `undefined` removes. */
export type RecordWrite = { t: 'record'; table: Table; key: string; value: unknown }

export type Write =
  | { t: 'entry'; entry: Entry }
  | { t: 'doc'; doc: string; stat: DocStat }
  | { t: 'snapshot'; doc: string; seq: number; state: Uint8Array }
  | RecordWrite
  /** The entries with `after < seq <= upTo` go; `entry`, whose seq is `upTo`, takes their place. They are on disk. */
  | { t: 'replace'; doc: string; after: number; upTo: number; entry?: Entry }
  /** The snapshots with `after < seq <= upTo` go. */
  | { t: 'drop-snapshots'; doc: string; after: number; upTo: number }
  /** All that is on disk of a document goes, its standing too. */
  | { t: 'drop'; doc: string }

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
  /** Where every document stands; the error in place of what cannot be read. */
  docs(): AsyncIterable<readonly [doc: string, stat: DocStat | undefined, error?: TandemError]>
  /** One entry of a document; undefined where there is none of that seq. */
  entry(doc: string, seq: number): Promise<Entry | undefined>
  /** A document's entries. */
  entries(doc: string, range?: Range): AsyncIterable<Entry>
  /** The heads of all documents' entries in order of seq; no update is read. */
  heads(range?: Range): AsyncIterable<EntryHead>
  /** The newest snapshot at or before `upTo`. */
  snapshot(doc: string, upTo?: number): Promise<{ seq: number; state: Uint8Array } | undefined>
  read(table: Table, key: string): Promise<unknown>
  /** Records by key, or from the last on; those before a key where one is given; the error in place of a value that cannot be read. */
  list(table: Table, range?: KeyRange): AsyncIterable<readonly [key: string, value: unknown, error?: TandemError]>
  /** Brings the store back after a failed commit, as far as it can. */
  recover(): Promise<void>
  close(): Promise<void>
}
