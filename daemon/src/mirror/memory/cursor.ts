import type { Id } from '@tandem/shared'
import type { Shadows } from './shadow.ts'

type Deps = {
  shadows: Pick<Shadows, 'note' | 'setNote'>
  /** Whether everything that was told has been dealt with. */
  isDone(): boolean
  /** Whether a text is still held open. */
  isOpen(id: Id): boolean
  /** The mirror's end. */
  signal: AbortSignal
}

/** How far the feed was heard. It is kept for the next start only once all of that has been dealt with: nobody tells it twice. */
export function createCursor({ shadows, isDone, isOpen, signal }: Deps) {
  let heard: string | undefined
  let kept: string | undefined
  /** Open texts that were told of: the connection brings what is new in them, perhaps not before the end. */
  const awaited = new Set<Id>()
  const keep = async (at: string | undefined) => {
    if (at === undefined || at === kept) return
    kept = at
    await shadows.setNote('awaited', [...awaited].join())
    await shadows.setNote('cursor', at)
  }
  // What is at work when the end comes is dropped: once all is closed that looks like nothing to do.
  let atEnd: string | undefined
  signal.addEventListener('abort', () => (atEnd = isDone() ? heard : undefined), { once: true })
  return {
    /** Answers the texts of which the life before cannot be sure that it had all it was told of. */
    open: async (): Promise<Id[]> => {
      heard = kept = (await shadows.note('cursor')) || undefined
      const before = await shadows.note('awaited')
      return before ? (before.split(',') as Id[]) : []
    },
    hear: (at: string) => {
      heard = at
    },
    /** What was told of this open text comes through the connection. */
    await: (id: Id) => void awaited.add(id),
    /** Those that the connection was to bring news of; taken out, for it is lost. At the end they are left to the next start. */
    takeAwaited: (): Id[] => {
      if (signal.aborted) return []
      const ids = [...awaited]
      awaited.clear()
      return ids
    },
    heard: () => heard,
    kept: () => kept,
    save: async () => {
      if (!isDone()) return
      // One that was closed since was quiet for long enough.
      for (const id of awaited) if (!isOpen(id)) awaited.delete(id)
      await keep(heard)
    },
    close: async () => {
      await keep(atEnd).catch(() => {}) // Then it is told again.
    },
  }
}
