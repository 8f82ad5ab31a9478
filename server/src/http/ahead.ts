type Window<T> = {
  /** At most so many at once. */
  count: number
  /** And no further one while those under way have so many bytes. */
  bytes: number
  /** About how many bytes there will be of one. */
  sizeOf(item: T): number
}

/**
 * Works on the next few items while the first of them is waited for; the results come in the order of the items. Throws
 * what `work` throws, in its turn; what was begun beyond that, or beyond what is taken, is let go of.
 */
export async function* ahead<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  { count, bytes, sizeOf }: Window<T>,
): AsyncGenerator<R> {
  const begun: { done: Promise<R>; size: number }[] = []
  let size = 0
  let next = 0
  const begin = (item: T) => {
    const one = { done: work(item), size: sizeOf(item) }
    // Whoever takes it is told; nobody may ever.
    one.done.catch(() => {})
    begun.push(one)
    size += one.size
  }
  for (;;) {
    for (; next < items.length && begun.length < count && (begun.length === 0 || size < bytes); next++)
      begin(items[next] as T)
    const first = begun.shift()
    if (!first) return
    size -= first.size
    yield await first.done
  }
}
