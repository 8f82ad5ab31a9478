type Subscribable = { subscribe(wake: () => void): () => void }

/**
 * Yields once at the start and then after every change of any of the views, until the signal aborts. Changes that
 * arrive while the consumer works are folded into one: the consumer always reads the newest snapshot itself.
 */
export async function* changes(
  views: Subscribable | readonly Subscribable[],
  signal: AbortSignal,
): AsyncGenerator<void> {
  const many = 'subscribe' in views ? [views] : views
  let dirty = true
  let wake = () => {}
  const notice = () => {
    dirty = true
    wake()
  }
  const stops = many.map((view) => view.subscribe(notice))
  signal.addEventListener('abort', notice)
  try {
    while (!signal.aborted) {
      if (dirty) {
        dirty = false
        yield
      } else await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    for (const stop of stops) stop()
    signal.removeEventListener('abort', notice)
  }
}
