import type { Shadows } from './shadow.ts'

type Deps = {
  shadows: Pick<Shadows, 'note' | 'setNote'>
  /** Whether everything that was told has been dealt with. */
  isDone(): boolean
  /** The mirror's end. */
  signal: AbortSignal
}

/** How far the feed was heard. It is kept for the next start only once all of that has been dealt with: nobody tells it twice. */
export function createCursor({ shadows, isDone, signal }: Deps) {
  let heard: string | undefined
  let kept: string | undefined
  // What is at work when the end comes is dropped: once all is closed that looks like nothing to do.
  let wasDone = false
  signal.addEventListener('abort', () => (wasDone = isDone()), { once: true })
  const save = async () => {
    if (heard === undefined || heard === kept || !isDone()) return
    kept = heard
    await shadows.setNote('cursor', heard)
  }
  return {
    open: async () => {
      heard = kept = (await shadows.note('cursor')) || undefined
    },
    hear: (at: string) => {
      heard = at
    },
    heard: () => heard,
    kept: () => kept,
    save,
    close: async () => {
      if (wasDone) await save().catch(() => {}) // Then it is told again.
    },
  }
}
