/** A live, read-only look at a document: an immutable value that stays the same object until something changes. */
export type View<T> = {
  snapshot(): T
  /** `wake` is called after each change, synchronously inside it: it must only wake, never act. Returns the unsubscriber. */
  subscribe(wake: () => void): () => void
}

/** A view whose value is computed when asked for, after `on` said that it changed. */
export function cachedView<T>(compute: () => T, on: (changed: () => void) => void): View<T> {
  const wakes = new Set<() => void>()
  let cached: { value: T } | undefined
  on(() => {
    cached = undefined
    for (const wake of [...wakes]) wake()
  })
  return {
    snapshot: () => (cached ??= { value: compute() }).value,
    subscribe: (wake) => {
      wakes.add(wake)
      return () => wakes.delete(wake)
    },
  }
}

/** A view derived from another; `f` runs once for each new value. */
export function mapView<A, B>(view: View<A>, f: (a: A) => B): View<B> {
  let last: { a: A; b: B } | undefined
  return {
    snapshot: () => {
      const a = view.snapshot()
      if (!last || last.a !== a) last = { a, b: f(a) }
      return last.b
    },
    subscribe: view.subscribe,
  }
}

/** Resolves with the first value that satisfies `ready`; rejects with the signal's reason. */
export function when<T, R extends NonNullable<unknown>>(
  view: View<T>,
  ready: (value: T) => R | undefined | false,
  signal?: AbortSignal,
): Promise<R> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const result = ready(view.snapshot())
      if (result === undefined || result === false) return false
      stop()
      resolve(result)
      return true
    }
    const abort = () => {
      stop()
      reject(signal?.reason as Error)
    }
    const unsubscribe = view.subscribe(() => queueMicrotask(look))
    const stop = () => {
      unsubscribe()
      signal?.removeEventListener('abort', abort)
    }
    if (signal?.aborted) return abort()
    signal?.addEventListener('abort', abort)
    look()
  })
}
