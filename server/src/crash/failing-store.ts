import type { Store } from '../store/store.ts'

/** A disk's trouble: every call fails with this probability, a write perhaps only after it was written. */
export type Trouble = {
  rate: number
  failures: number
  /** Settles when the store is not being opened anew. */
  recovered: Promise<unknown>
}

/** A store whose every kind of call can fail, as `random` decides; reading may break off in the middle. */
export function failingStore(store: Store, trouble: Trouble, random: () => number): Store {
  const mayFail = (call: string) => {
    if (random() >= trouble.rate) return
    trouble.failures += 1
    throw new Error(`${call}: the disk does not answer`)
  }
  async function* walk<T>(call: string, values: AsyncIterable<T>): AsyncGenerator<T> {
    mayFail(call)
    for await (const value of values) {
      yield value
      mayFail(call)
    }
  }
  return {
    commit: async (writes, fence) => {
      mayFail('commit')
      await store.commit(writes, fence)
      // It is written, and nobody is told so.
      mayFail('commit')
    },
    recover: async () => {
      mayFail('recover')
      const recovering = store.recover()
      trouble.recovered = recovering.catch(() => {})
      await recovering
      mayFail('recover')
    },
    head: async () => (mayFail('head'), store.head()),
    entry: async (...args) => (mayFail('entry'), store.entry(...args)),
    snapshot: async (...args) => (mayFail('snapshot'), store.snapshot(...args)),
    read: async (...args) => (mayFail('read'), store.read(...args)),
    takeFence: async () => (mayFail('takeFence'), store.takeFence()),
    docs: () => walk('docs', store.docs()),
    entries: (...args) => walk('entries', store.entries(...args)),
    heads: (...args) => walk('heads', store.heads(...args)),
    list: (...args) => walk('list', store.list(...args)),
    close: store.close,
  }
}
