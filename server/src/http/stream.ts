import { TandemError, type Id } from '@tandem/shared'

/** A byte stream of encoded values that is only filled as fast as it is read; its generator ends with its reader. */
export function streamOf<T>(values: AsyncGenerator<T>, encode: (value: T) => Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const next = await values.next()
      if (next.done) controller.close()
      else controller.enqueue(encode(next.value))
    },
    cancel: async () => {
      await values.return(undefined)
    },
  })
}

export type Streams = ReturnType<typeof createStreams>

/** How many streams each caller has open: every one costs a listener for as long as it lasts, so they are bounded [S313]. */
export function createStreams(max: number) {
  const openBy = new Map<Id, number>()
  async function* counted<T>(principal: Id, values: AsyncGenerator<T>): AsyncGenerator<T> {
    openBy.set(principal, (openBy.get(principal) ?? 0) + 1)
    try {
      yield* values
    } finally {
      const left = (openBy.get(principal) ?? 1) - 1
      if (left > 0) openBy.set(principal, left)
      else openBy.delete(principal)
    }
  }
  return {
    /** The same values, counted as one stream of that caller from the first until it ends; throws `rate-limited` where they have too many. */
    count: <T>(principal: Id, values: AsyncGenerator<T>): AsyncGenerator<T> => {
      if ((openBy.get(principal) ?? 0) < max) return counted(principal, values)
      throw new TandemError('rate-limited', { reason: 'too many streams of one caller', limit: max })
    },
  }
}
