import type { HunkText, Id, TextEdit } from '@tandem/shared'
import type { Files, View } from '@tandem/shared/docs'

type ReadText = {
  readonly text: string
  /** Where the document stands. */
  readonly state: string
  /** Whether it has everything of that state. */
  includes(state: string): boolean
  /** The update that these edits would be, caused by `task`; with `isTraced` what they are as hunks, too. */
  prepare(edits: readonly TextEdit[], task?: Id, isTraced?: boolean): { update: Uint8Array; hunks?: HunkText[] }
}

/** What the tree needs of the world of documents. It must write under ids of its own, shared with nobody. */
export type Documents = {
  readonly daemonId: Id
  readonly files: Files
  /** What is changed in the index until the call that is returned is caused by this task. */
  begin(task: Id): () => void
  /** True while connected with the index in sync. */
  readonly ready: View<boolean>
  indexDurable(signal: AbortSignal): Promise<void>
  /** One that is damaged at the server is missing from the answer: nothing may be concluded about it. */
  read(ids: readonly Id[], signal: AbortSignal): Promise<Map<Id, ReadText>>
  /** Durable when resolved; one that is refused is missing from the answer. */
  seed(texts: readonly { id: Id; text: string }[], task: Id | undefined, signal: AbortSignal): Promise<Map<Id, string>>
  /** Durable when resolved; answers those that were refused. */
  change(
    changes: readonly { id: Id; update: Uint8Array }[],
    task: Id | undefined,
    signal: AbortSignal,
  ): Promise<ReadonlySet<Id>>
  readonly blobs: {
    put(
      blob: { hash: string; size: number },
      read: (offset: number, length: number) => Promise<Uint8Array>,
      signal: AbortSignal,
    ): Promise<void>
    get(hash: string, from: number, signal: AbortSignal): AsyncIterable<Uint8Array>
  }
}
