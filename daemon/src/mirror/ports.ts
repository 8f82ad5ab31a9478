import type { HunkText, Id, TextEdit } from '@tandem/shared'
import type { Files, View } from '@tandem/shared/docs'

/** The text of one file as the server has it: read once, or held open. */
export type RemoteText = {
  readonly text: string
  /** Where the document stands (`stateOf`). */
  readonly state: string
  /** Whether it has everything of that state. */
  includes(state: string): boolean
}

/** A text read once, that can be changed without being opened. */
export type ReadText = RemoteText & {
  /**
   * The update that these edits would be, caused by `task` where that is known, and where the document stands after it.
   * With `isTraced` what they are as hunks, too, unless another may make the same edits.
   */
  prepare(
    edits: readonly TextEdit[],
    task?: Id,
    isTraced?: boolean,
  ): { update: Uint8Array; state: string; hunks?: HunkText[] }
  /** Where the document stands after an update of an earlier life; undefined where it lacks what that builds upon. */
  replay(update: Uint8Array): string | undefined
}

/** A file's document held open and synced: it follows what others type. */
export type OpenText = {
  /** The text as of now. */
  read(): RemoteText
  /** The update these edits would be, caused by `task` where that is known, made by nobody yet; to be applied before the next is prepared. */
  prepare(edits: readonly TextEdit[], task?: Id): Uint8Array
  /** Applies a prepared update and sends it. */
  apply(update: Uint8Array): void
  /** Applies an update prepared in an earlier life. False where the document lacks what it builds upon: nothing is done. */
  replay(update: Uint8Array): boolean
  /** Resolves once everything here is on the server's disk; waits through offline spells. */
  durable(signal: AbortSignal): Promise<void>
  /** Calls after each change by others. */
  onRemoteChange(call: () => void): () => void
  close(): void
}

/** Large and binary content of the workspace, by hash. */
export type Blobs = {
  /**
   * Brings a blob to the server unless it is there, in pieces, going on where an earlier try ended; durable when resolved.
   * `read` answers its bytes from `offset` on, at most `length`; it is not called where the server has them all. Waits
   * through offline spells; throws what is refused.
   */
  put(
    blob: { hash: string; size: number },
    read: (offset: number, length: number) => Promise<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void>
  /** Its bytes from `from` on, in pieces; throws `not-found` where the server does not have it. Who asked compares the hash. */
  get(hash: string, from: number, signal: AbortSignal): AsyncIterable<Uint8Array>
}

/** What the mirror needs of the world of documents; the link provides it. */
export type Workspace = {
  readonly daemonId: Id
  /** Names the history these documents belong to: another one's shadows mean nothing. */
  readonly history: string
  readonly files: Files
  /** True while connected with the index in sync; only then does the mirror act. */
  readonly ready: View<boolean>
  /** Resolves once the index's changes are on the server's disk. */
  indexDurable(signal: AbortSignal): Promise<void>
  /** Opens and resolves when in sync. */
  open(id: Id, signal: AbortSignal): Promise<OpenText>
  /** Whether a copy of it is still open here, perhaps with changes that are on their way. */
  holds(id: Id): boolean
  /**
   * Reads many at once without opening them; one the server does not have reads as an empty text, one that is damaged
   * there is missing from the answer: nothing may be concluded about it.
   */
  read(ids: readonly Id[], signal: AbortSignal): Promise<Map<Id, ReadText>>
  /** Puts new texts, durable when resolved; answers their states. One that the server refuses is missing from the answer. */
  seed(texts: readonly { id: Id; text: string }[], task: Id | undefined, signal: AbortSignal): Promise<Map<Id, string>>
  /** Changes many texts that are not open by prepared updates, durable when resolved; answers those that were refused. */
  change(
    changes: readonly { id: Id; update: Uint8Array }[],
    task: Id | undefined,
    signal: AbortSignal,
  ): Promise<ReadonlySet<Id>>
  readonly blobs: Blobs
  /** Of these texts, those that the file's document had at some time: who has one of them has an old version, and no edit. */
  wasEver(texts: readonly { id: Id; text: string }[], signal: AbortSignal): Promise<ReadonlySet<Id>>
  /** What caused a change that is found on the disk now: a task, where exactly one runs. */
  cause(): Id | undefined
  /** Texts that moved on the server after `since` (undefined: ever), then live, through reconnects, until the signal. */
  feed(since: string | undefined, signal: AbortSignal): AsyncIterable<Moved>
  /** Those that moved after `since` until now, told at once. */
  movedSince(since: string | undefined, signal: AbortSignal): Promise<Moved[]>
}

/** A cursor to resume after, and the text that moved, where it was one. */
export type Moved = { cursor: string; id?: Id }
