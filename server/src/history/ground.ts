import type { DocRef } from '@tandem/shared'
import type * as Y from 'yjs'
import type { AppendMeta } from '../store/store.ts'

/** Documents as they stand now, for what reads and writes them: `sync/documents.ts` is one. */
export type Ground = {
  hold(doc: DocRef): Promise<{ doc: Y.Doc; release(): void }>
  change<T>(doc: DocRef, meta: AppendMeta, work: (doc: Y.Doc) => T): Promise<T>
  changeEach(
    docs: readonly DocRef[],
    meta: AppendMeta,
    plan: (docs: readonly Y.Doc[]) => readonly (() => void)[],
  ): Promise<void>
  peek<T>(doc: DocRef, look: (doc: Y.Doc) => T): Promise<T | undefined>
}

/** Holds a document at first use and for good; where that fails, the next asker tries anew. */
export function heldOnce<T>(ground: Pick<Ground, 'hold'>, doc: DocRef, open: (doc: Y.Doc) => T): () => Promise<T> {
  let held: Promise<T> | undefined
  const hold = async () => {
    try {
      return open((await ground.hold(doc)).doc)
    } catch (e) {
      held = undefined
      throw e
    }
  }
  return () => (held ??= hold())
}
