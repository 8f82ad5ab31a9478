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
