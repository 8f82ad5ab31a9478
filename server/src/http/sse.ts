import { TandemError, type Clock } from '@tandem/shared'

/** A word now and then keeps proxies from taking a quiet stream for a dead one. */
export const aliveMs = 15_000

/** One server-sent event; `data` is JSON. */
export type Sent = { event: string; data: unknown; id?: string }

export const eventStreamHeaders = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-store',
  'x-accel-buffering': 'no',
} as const

const encoder = new TextEncoder()

/** A comment where there is nothing to say, which no client shows. */
export const encodeEvents = (events: readonly Sent[]): Uint8Array =>
  encoder.encode(
    events.length === 0
      ? ': alive\n\n'
      : events
          .map(
            ({ event, data, id }) =>
              `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`,
          )
          .join(''),
  )

/** The parts of a `Last-Event-ID`, undefined where none was sent; throws `bad-request` for one that is none of ours. */
export function readEventId(raw: string | undefined, form: RegExp): readonly (string | undefined)[] | undefined {
  if (raw === undefined || raw === '') return undefined
  const found = form.exec(raw)
  if (!found) throw new TandemError('bad-request', { reason: 'that is no Last-Event-ID of this stream' })
  return found.slice(1)
}

export type Wakes = {
  wake(): void
  /** Resolves at the next `wake`, at once where there was one since the last time; false where it is only time for a word. */
  next(): Promise<boolean>
  close(): void
}

/** For streams that look at what there is themselves, whenever something may have changed, or they are to end. */
export function createWakes(clock: Clock, ended: AbortSignal): Wakes {
  let isWoken = false
  let resolve = () => {}
  const wake = () => {
    isWoken = true
    resolve()
  }
  ended.addEventListener('abort', wake)
  return {
    wake,
    next: async () => {
      const cancel = clock.after(aliveMs, () => resolve())
      if (!isWoken) await new Promise<void>((done) => (resolve = done))
      cancel()
      const was = isWoken
      isWoken = false
      return was
    },
    close: () => ended.removeEventListener('abort', wake),
  }
}
